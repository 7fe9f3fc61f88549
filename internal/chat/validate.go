package chat

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// CheckText says in a sentence what is wrong with a chat text, "" when nothing is: 1 to
// limits.MessageLimit() code points, not only white space, no control characters but \n and \t.
func CheckText(text []byte, limits Limits) string {
	limit := limits.MessageLimit()
	points, blank := 0, true
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(text[i:])
		}
		i += n
		points++
		switch {
		case r == utf8.RuneError && n == 1:
			return "The text is not valid UTF-8."
		case r > ' ' && r < 0x7f:
			blank = false
		case r != '\n' && r != '\t' && unicode.IsControl(r):
			return "The text has a control character."
		case !unicode.IsSpace(r):
			blank = false
		}
	}
	switch {
	case blank:
		return "The text is empty."
	case points > limit:
		return "The text has more than " + strconv.Itoa(limit) + " characters."
	}
	return ""
}

// CleanName trims a room name or username, brings it into NFC, and says in a sentence what is
// wrong with it, "" when nothing is: 1 to 16 code points, none of them unseen.
func CleanName(raw []byte) (name, sentence string) {
	const most = "The name has more than 16 characters."
	raw = bytes.TrimFunc(raw, unicode.IsSpace)
	if len(raw) == 0 {
		return "", "The name is empty."
	}
	if !utf8.Valid(raw) {
		return "", "The name is not valid UTF-8."
	}
	// A code point of NFC comes from at most a handful: no reason to compose what can't fit.
	if utf8.RuneCount(raw) > 8*MaxName {
		return "", most
	}
	name = string(norm.NFC.Bytes(raw))
	if utf8.RuneCountInString(name) > MaxName {
		return "", most
	}
	for i, r := range name {
		if !visible(r) || i == 0 && unicode.Is(unicode.Variation_Selector, r) {
			return "", "The name has a character that can't be seen."
		}
	}
	return name, ""
}

// visible says whether a name may hold r: no control, bidi control, zero-width or unassigned
// character. White space inside of a name is seen; line and paragraph separators are not.
func visible(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r != 0x7f
	}
	switch {
	case unicode.Is(unicode.Variation_Selector, r):
		// They choose the shape of the emoji in front; the Mongolian ones choose nothing we show.
		return r == 0xfe0e || r == 0xfe0f
	case unicode.Is(unicode.Cf, r):
		return unicode.Is(unicode.Prepended_Concatenation_Mark, r)
	}
	return !unicode.In(r, unicode.Cc, unicode.Cs, unicode.Cn, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point)
}
