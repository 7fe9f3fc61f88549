package cluster

import (
	"strconv"

	"chatroom/internal/chat"
)

// keyspace makes the names of all keys and channels. Everything that one script touches shares a
// hash tag, so that it stands in one slot of a Redis Cluster.
type keyspace struct {
	// Immutable after open.
	prefix string
	tags   [partitions]string // prefix + "{pp}:"
}

func newKeyspace(prefix string) keyspace {
	k := keyspace{prefix: prefix}
	for p := range k.tags {
		k.tags[p] = prefix + "{" + string(rune('0'+p/10)) + string(rune('0'+p%10)) + "}:"
	}
	return k
}

// partition is the hash tag's number of a room.
func partition(room chat.RoomID) int { return int(room % partitions) }

// tagged is the name of a key that stands alone under its own hash tag, such as "{ids}:cursor".
func (k *keyspace) tagged(tag, name string) string { return k.prefix + "{" + tag + "}:" + name }

// rooms is the sorted set of a partition's rooms: member = score = room id.
func (k *keyspace) rooms(p int) string { return k.tags[p] + "rooms" }

// probe is the channel, and the key, of a node's probe in a partition.
func (k *keyspace) probe(p int, node string) string { return k.tags[p] + "probe:" + node }

// roomKeys are the names of one room.
type roomKeys struct {
	// Immutable after open.
	meta    string // hash: e epoch, s last seq, l last message id, v membership version, n name, c created, b creator, p private, k peak, a last message at, y bytes ever logged, o no id is older
	log     string // stream, id seq-0: r record, p previous message id, t Redis time in ms
	ids     string // hash: nonce:id → seq, at and message id
	idq     string // list: the fields of ids, oldest first
	members string // hash: client id → member value, see join.lua
	past    string // list: the last participants, newest first
	tomb    string // string: why the room died
	channel string // shard channel
	rooms   string // sorted set of the partition
}

func (k *keyspace) room(id chat.RoomID) roomKeys {
	p := k.tags[partition(id)]
	base := p + strconv.FormatUint(uint64(id), 10) + ":"
	return roomKeys{
		meta: base + "m", log: base + "log", ids: base + "ids", idq: base + "idq", members: base + "mem",
		past: base + "past", tomb: base + "t", channel: base + "ch", rooms: p + "rooms",
	}
}
