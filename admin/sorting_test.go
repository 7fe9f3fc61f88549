package admin

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"chatroom/internal/chat"
)

// TestPagesOfAnOrder walks through orders page by page and compares with sorting everything.
func TestPagesOfAnOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 2, 7, 100, 1000} {
		keys := make([]chat.SortKey, size)
		for i := range keys {
			keys[i] = chat.SortKey{ID: uint64(i + 1)}
			if size%2 == 0 {
				keys[i].Text = fmt.Sprintf("\x00\xff%d", random.IntN(size/2+1)) // many alike
			} else {
				keys[i].Number = random.Int64N(9) - 4
			}
		}
		for _, reverse := range []bool{false, true} {
			for _, limit := range []int{1, 3, 25, 10_000} {
				o := ordering{by: "x", reverse: reverse}
				want := slices.SortedFunc(slices.Values(keys), func(a, b chat.SortKey) int {
					c := cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Text, b.Text), cmp.Compare(a.ID, b.ID))
					if reverse {
						return -c
					}
					return c
				})
				random.Shuffle(size, func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
				var got []chat.SortKey
				cursor := ""
				for {
					page, next, err := o.page(keys, cursor, limit)
					if err != nil || len(page) > limit {
						t.Fatalf("%d keys by %d: %d, %v", size, limit, len(page), err)
					}
					got = append(got, page...)
					if cursor = next; cursor == "" {
						break
					}
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%d keys by %d, reverse %v:\n%v\nwant\n%v", size, limit, reverse, got, want)
				}
			}
		}
	}
}

// Who comes and goes between two pages moves nobody else.
func TestPagesOfAnOrderThatChanges(t *testing.T) {
	keys := []chat.SortKey{{ID: 1, Text: "ada"}, {ID: 2, Text: "bob"}, {ID: 3, Text: "cat"}, {ID: 4, Text: "dan"}}
	o := ordering{by: chat.SortUsername}
	_, cursor, err := o.page(keys, "", 2)
	if err != nil {
		t.Fatal(err)
	}
	changed := []chat.SortKey{{ID: 9, Text: "abe"}, {ID: 3, Text: "cat"}, {ID: 8, Text: "cod"}, {ID: 4, Text: "dan"}}
	page, _, err := o.page(changed, cursor, 2)
	if err != nil || len(page) != 2 || page[0].ID != 3 || page[1].ID != 8 {
		t.Errorf("%v %v", page, err)
	}
}

func TestListsInAnOrder(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	var l struct {
		Clients []int  `json:"client_ids"`
		Rooms   []int  `json:"room_ids"`
		Total   int    `json:"total"`
		Next    string `json:"next_cursor"`
	}
	for path, want := range map[string]string{
		"/admin/clients?sort=username":         "[10001 10000 10002 10003 10004]", // <b>Eve first
		"/admin/clients?sort=-username":        "[10004 10003 10002 10000 10001]",
		"/admin/client?sort=-username&q=USER":  "[10004 10003 10002 10000]",
		"/admin/clients?sort=ip&limit=1":       "[10001]",
		"/admin/clients?sort=serverId&limit=2": "[10000 10001]", // all alike: by id
	} {
		l.Clients = nil
		f.body("GET", path, token, &l)
		if got := fmt.Sprint(l.Clients); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	f.body("GET", "/admin/rooms?sort=-activeUsers&limit=1", token, &l)
	if fmt.Sprint(l.Rooms) != "[20000]" || l.Total != 2 || l.Next == "" {
		t.Fatalf("%+v", l)
	}
	f.body("GET", "/admin/rooms?sort=-activeUsers&limit=1&cursor="+l.Next, token, &l)
	if fmt.Sprint(l.Rooms) != "[20001]" || l.Next != "" {
		t.Errorf("%+v", l)
	}
}

func BenchmarkOrder(b *testing.B) {
	keys := make([]chat.SortKey, 90_000)
	for i := range keys {
		keys[i] = chat.SortKey{ID: uint64(i + 1), Text: fmt.Sprint("user ", rand.IntN(len(keys)))}
	}
	for b.Loop() {
		if _, _, err := (ordering{by: chat.SortUsername}).page(keys, "", 25); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzSortCursor(f *testing.F) {
	f.Add("1.2.YQ")
	f.Add(formatSortCursor(chat.SortKey{ID: 7, Number: -3, Text: "\x00é"}))
	f.Fuzz(func(t *testing.T, cursor string) {
		if k, err := parseSortCursor(cursor); err == nil && cursor != "" && formatSortCursor(k) != cursor {
			t.Errorf("%q is %+v", cursor, k)
		}
	})
}
