package admin

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"chatroom/internal/chat"
)

// What ?sort= takes, each also with a dash in front for the opposite order.
var (
	clientOrders = []chat.SortField{chat.SortUsername, chat.SortIP, chat.SortServerID}
	roomOrders   = []chat.SortField{chat.SortRoomName, chat.SortActiveUsers, chat.SortPeakUsers, chat.SortMessageCount, chat.SortLastMessageAt, chat.SortCreatedAt}
)

// ordering is how a list stands; the zero value is by id.
type ordering struct {
	by      chat.SortField
	reverse bool
}

// ordering reads ?sort=, one of the fields given.
func (x *exchange) ordering(fields []chat.SortField) (o ordering, err error) {
	if !x.query.Has("sort") {
		return o, nil
	}
	name, reverse := strings.CutPrefix(x.query.Get("sort"), "-")
	o = ordering{chat.SortField(name), reverse}
	if !slices.Contains(fields, o.by) {
		return o, errBadQuery
	}
	return o, nil
}

// compare orders two keys: by value, equal ones by id.
func (o ordering) compare(a, b chat.SortKey) int {
	c := cmp.Or(cmp.Compare(a.Number, b.Number), strings.Compare(a.Text, b.Text), cmp.Compare(a.ID, b.ID))
	if o.reverse {
		return -c
	}
	return c
}

// page is the first limit keys behind the cursor, and the cursor of the next page, "" at the end.
// The cursor is the last key itself: pages stay right while others come and go, and whoever changed
// its value between two pages stands where it belongs now. Of all keys only the first ones are put in
// order, so the time is that of one pass.
func (o ordering) page(keys []chat.SortKey, cursor string, limit int) (page []chat.SortKey, next string, err error) {
	from, err := parseSortCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	wanted := limit + 1 // one more says that there is a next page
	page = make([]chat.SortKey, 0, min(len(keys), 2*wanted))
	cut := false // the keys up to wanted are in order, and nothing behind them can matter
	for _, key := range keys {
		if cursor != "" && o.compare(key, from) <= 0 || cut && o.compare(key, page[wanted-1]) > 0 {
			continue
		}
		if page = append(page, key); len(page) == 2*wanted {
			page, cut = o.first(page, wanted), true
		}
	}
	if page = o.first(page, wanted); len(page) > limit {
		page = page[:limit]
		next = formatSortCursor(page[limit-1])
	}
	return page, next, nil
}

// first puts keys in order and keeps the first ones.
func (o ordering) first(keys []chat.SortKey, limit int) []chat.SortKey {
	slices.SortFunc(keys, o.compare)
	return keys[:min(limit, len(keys))]
}

// ordered lists ids in an order: a page of them, how many there are, and the next cursor.
func ordered[ID ~uint64](ctx context.Context, o ordering, l listing, all func(context.Context, string, chat.SortField) ([]chat.SortKey, error)) ([]ID, int64, string, error) {
	keys, err := all(ctx, l.q, o.by)
	if err != nil {
		return nil, 0, "", err
	}
	page, next, err := o.page(keys, l.cursor, l.limit)
	if err != nil {
		return nil, 0, "", err
	}
	ids := make([]ID, len(page))
	for i, key := range page {
		ids[i] = ID(key.ID)
	}
	return ids, int64(len(keys)), next, nil
}

// A cursor is id.number.text, the text in base64url.
func formatSortCursor(k chat.SortKey) string {
	return strconv.FormatUint(k.ID, 10) + "." + strconv.FormatInt(k.Number, 10) + "." + base64.RawURLEncoding.EncodeToString([]byte(k.Text))
}

func parseSortCursor(cursor string) (k chat.SortKey, err error) {
	if cursor == "" {
		return k, nil
	}
	parts := strings.Split(cursor, ".")
	if len(parts) != 3 {
		return k, errBadQuery
	}
	text, errText := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	id, errID := parseNumber(parts[0], maxIDDigits)
	value, errValue := strconv.ParseInt(parts[1], 10, 64)
	k = chat.SortKey{ID: id, Number: value, Text: string(text)}
	if errText != nil || errID != nil || errValue != nil || formatSortCursor(k) != cursor {
		return k, errBadQuery
	}
	return k, nil
}
