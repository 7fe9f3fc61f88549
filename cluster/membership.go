package cluster

import (
	"strings"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// send takes the op at the head of the queue to Redis.
func (r *room) send(o *op) {
	rs, k := r.shard.rooms, &r.keys
	ttl, tomb := decimal(uint64(roomTTL/time.Second)), decimal(uint64(tombstoneTTL/time.Second))
	m, at, id := &o.member, decimal(uint64(o.at)), decimal(uint64(r.id))
	j := &job{}
	switch o.kind {
	case opPublish:
		r.sendPublish(o)
		return
	case opRebuild:
		r.sendRebuild(o)
		return
	case opCreate:
		j.call = call{script: scriptCreate, keys: []string{k.meta, k.members, k.tomb, k.rooms},
			args: []string{id, hex16(uint64(o.epoch)), o.name, bit(o.private), at, ttl,
				decimal(uint64(m.Client)), hex16(uint64(m.Incarnation)), nonceHex(m.Nonce), rs.node, m.Name}}
		j.done = func(res, _ rueidis.RedisResult) { r.reply(o, res, r.created) }
	case opJoin:
		j.call = call{script: scriptJoin, keys: []string{k.meta, k.members, k.tomb, k.channel},
			args: []string{rs.origin, bit(o.resume), decimal(uint64(m.Client)), hex16(uint64(m.Incarnation)), nonceHex(m.Nonce), rs.node, at, m.Name, ttl}}
		if !r.following {
			j.plain = r.retained()
		}
		j.done = func(res, log rueidis.RedisResult) { r.joinReply(o, res, log) }
	case opLeave:
		inc, kind := "", chat.EventLeft
		if o.out.incarnation != 0 {
			inc = hex16(uint64(o.out.incarnation))
		}
		if o.out.why == chat.DepartureRemoved {
			kind = chat.EventRemoved
		}
		j.call = call{script: scriptLeave, keys: []string{k.meta, k.members, k.log, k.ids, k.idq, k.past, k.tomb, k.channel, k.rooms},
			args: []string{rs.origin, id, decimal(uint64(o.out.client)), inc, nonceHex(o.out.nonce), bit(o.out.onlyDue), at, string(kind), tomb, ttl}}
		j.done = func(res, _ rueidis.RedisResult) { r.reply(o, res, r.leftReply) }
	case opRename:
		j.call = call{script: scriptRename, keys: []string{k.meta, k.members, k.tomb, k.channel},
			args: []string{rs.origin, decimal(uint64(m.Client)), hex16(uint64(m.Incarnation)), nonceHex(m.Nonce), at, o.name, bit(o.back)}}
		j.done = func(res, _ rueidis.RedisResult) { r.reply(o, res, r.renamed) }
	case opDetach:
		inc := ""
		if o.out.incarnation != 0 {
			inc = hex16(uint64(o.out.incarnation))
		}
		j.call = call{script: scriptDetach, keys: []string{k.members},
			args: []string{decimal(uint64(o.out.client)), inc, nonceHex(o.out.nonce), decimal(uint64(o.window))}}
		j.done = func(res, _ rueidis.RedisResult) { r.reply(o, res, r.detached) }
	case opDelete:
		j.call = call{script: scriptDelete, keys: []string{k.meta, k.members, k.log, k.ids, k.idq, k.past, k.tomb, k.channel, k.rooms},
			args: []string{rs.origin, id, at, tomb}}
		j.done = func(res, _ rueidis.RedisResult) { r.reply(o, res, r.deletedReply) }
	}
	r.submit(j)
}

// retained is the command that reads the room's whole log.
func (r *room) retained() []string {
	return []string{"XREVRANGE", r.keys.log, "+", "-", "COUNT", decimal(uint64(r.shard.rooms.c.config.RoomLog.Messages))}
}

// reply takes a script's answer to an op: without a usable one it is repeated.
func (r *room) reply(o *op, res rueidis.RedisResult, usable func(*op, []string)) {
	f, err := fields(res)
	if err != nil {
		r.failed(o, err)
		return
	}
	r.finished(o)
	usable(o, f)
	r.pump()
	r.idleSince = r.shard.now
}

// fields reads an answer of strings and numbers.
func fields(res rueidis.RedisResult) ([]string, error) {
	values, err := res.ToArray()
	if err != nil {
		return nil, err
	}
	f := make([]string, len(values))
	for i := range values {
		if values[i].IsInt64() {
			n, _ := values[i].AsInt64()
			f[i] = decimal(uint64(max(n, 0)))
		} else if f[i], err = values[i].ToString(); err != nil && !rueidis.IsRedisNil(err) {
			return nil, err
		}
	}
	if len(f) == 0 {
		return nil, errReply
	}
	return f, nil
}

// created takes the answer to a create.
func (r *room) created(o *op, f []string) {
	c := r.shard.rooms.c
	if f[0] != "OK" { // TAKEN
		r.taken(o)
		return
	}
	info := chat.RoomInfo{ID: r.id, Name: o.name, Private: o.private, CreatedAt: o.at, CreatedBy: o.member.Client, Members: 1, Epoch: o.epoch}
	r.follow(info, hex16(uint64(o.epoch)), 1)
	r.adopt(o.member.Client, f[1])
	if !o.answered && c.strayed(o.member) {
		r.giveUp(o)
		o.answered = true
	}
	if o.answered {
		r.pushNext(r.undo(o))
		return
	}
	o.answered = true
	c.feed.Created(o.tag, info, "")
	r.hearEarly()
}

// taken draws another id for a create: this one rests, or is that of a room, which may be alive on this
// very node.
func (r *room) taken(o *op) {
	c := r.shard.rooms.c
	c.left(o.member, r.id)
	r.leaveAlone()
	if !o.answered {
		o.attempts, o.unknown = 0, false
		c.rooms.draw(o)
	}
}

// joinReply takes the answer to a join, with the retained messages if this is the first one here.
func (r *room) joinReply(o *op, res, log rueidis.RedisResult) {
	f, err := fields(res)
	var entries []chat.Entry
	if err == nil && f[0] == "OK" && !r.following {
		entries, err = r.readLog(log, number(f[5]))
	}
	if err != nil {
		r.failed(o, err)
		return
	}
	r.finished(o)
	c := r.shard.rooms.c
	if f[0] != "OK" { // NOROOM, NOPLACE
		if f[0] == "NOROOM" {
			c.left(o.member, r.id)
		} else {
			c.missed(o.member, r.id)
		}
		if !o.answered {
			o.answered = true
			code := chat.RoomNotFound
			if o.resume && len(f) > 1 && f[1] == tombDeleted {
				code = chat.RoomDeleted
			}
			c.feed.Joined(o.tag, chat.RoomInfo{ID: r.id}, code)
		}
		if f[0] == "NOROOM" && r.following {
			r.lostText(f)
		}
		r.leaveAlone()
		r.pump()
		return
	}
	r.joined(o, f, entries)
	r.pump()
}

// joined takes a successful join: {OK, changed, value, members, e, s, l, v, n, p, c, b}.
func (r *room) joined(o *op, f []string, entries []chat.Entry) {
	c := r.shard.rooms.c
	info := r.infoOf(f[3], f[4], f[5], f[6], f[8], f[9], f[10], f[11])
	version := number(f[7])
	if !o.answered && c.strayed(o.member) {
		r.giveUp(o)
		o.answered = true
	}
	if o.answered {
		if o.undoable() {
			r.pushNext(r.undo(o))
		}
		r.leaveAlone()
		return
	}
	var beyond []chat.Entry
	if !r.following {
		var recent []chat.Entry
		recent, beyond = r.split(entries, info.Seq)
		r.follow(info, f[4], version)
		c.feed.Baseline(info, recent)
	}
	r.released = false
	r.adopt(o.member.Client, f[2])
	if len(beyond) > 0 {
		r.offer(r.epoch, beyond)
	}
	r.hearEarly()
	if version >= r.version {
		r.version, r.info.Members = version, info.Members
	}
	if f[1] == "1" || o.attempts > 0 && !o.resume {
		r.offerEvent(f[4], roomEvent{seq: info.Seq, version: version, UserEvent: chat.UserEvent{
			Kind: chat.EventJoined, Client: o.member.Client, Username: o.member.Name, Members: info.Members, At: o.at}})
	}
	o.answered = true
	give := func(code chat.Code) {
		if code != "" {
			if o.undoable() {
				u := r.undo(o)
				u.back = false // our members have heard of the join
				r.pushNext(u)
			}
			c.feed.Joined(o.tag, chat.RoomInfo{ID: r.id}, code)
			return
		}
		c.feed.Joined(o.tag, r.info, "")
	}
	if f[4] != r.epoch {
		r.answers = append(r.answers, answer{seq: anyEpoch, deadline: r.shard.now.Add(answerDeadline), give: give})
		r.repair()
		return
	}
	r.info.Name, r.info.Private = info.Name, info.Private
	r.when(info.Seq, give)
}

// leftReply takes the answer to a leave.
func (r *room) leftReply(o *op, f []string) {
	feed := r.shard.rooms.c.feed
	name := o.member.Name
	if m, ok := memberOf(o.out.client, r.mine[o.out.client]); ok {
		name = m.Name
	}
	delete(r.mine, o.out.client)
	done := func(chat.Code) {
		if o.gone != nil {
			o.gone()
		}
		if o.tag != 0 && !o.answered {
			o.answered = true
			feed.Done(o.tag, "")
		}
	}
	kind := chat.EventLeft
	if o.out.why == chat.DepartureRemoved {
		kind = chat.EventRemoved
	}
	e := roomEvent{seq: number(f[3]), version: number(f[4]), UserEvent: chat.UserEvent{
		Kind: kind, Client: o.out.client, Members: int(number(f[1])), At: o.at, Username: name}}
	switch {
	case f[0] == "OK":
		e.Username, e.Owner = f[5], f[6] == "1"
	case o.unknown && f[2] != "" && !o.back:
		// An earlier try got through: the others heard of it by the channel, our own members did not.
		// (Of a join that is taken back they did not hear either.)
		e.Owner = r.info.CreatedBy == o.out.client
	default:
		done("")
		return
	}
	if r.following {
		r.offerEvent(f[2], e)
	}
	done("")
}

// renamed takes the answer to a rename.
func (r *room) renamed(o *op, f []string) {
	feed := r.shard.rooms.c.feed
	answered := o.answered
	o.answered = true
	if f[0] != "OK" {
		if o.tag != 0 && !answered {
			feed.Done(o.tag, chat.NotInRoom)
		}
		if f[0] == "NOROOM" && r.following {
			r.lostText(f)
		}
		return
	}
	if _, ok := r.mine[o.member.Client]; ok {
		r.mine[o.member.Client] = f[2]
	}
	former := f[1]
	switch {
	case former != o.name:
	case o.back:
		return // the rename that it takes back was not executed, or nobody here has heard of it
	case o.unknown:
		former = o.member.Name
	}
	seq := number(f[5])
	r.offerEvent(f[4], roomEvent{seq: seq, version: number(f[6]), UserEvent: chat.UserEvent{
		Kind: chat.EventRenamed, Client: o.member.Client, Username: o.name, Previous: former, Members: int(number(f[3])), At: o.at}})
	switch {
	case answered:
		r.pushNext(o.renameBack(true))
		return
	case o.tag == 0:
		return
	}
	give := func(chat.Code) { feed.Done(o.tag, "") } // the name stands, whatever the messages do
	if r.following && f[4] == r.epoch {
		r.when(seq, give)
		return
	}
	give("")
}

// detached takes the answer to a detach.
func (r *room) detached(o *op, f []string) {
	if f[0] != "OK" {
		return
	}
	if _, ok := r.mine[o.out.client]; ok {
		r.mine[o.out.client] = f[1]
	}
}

// deletedReply takes the answer to an operator's deletion.
func (r *room) deletedReply(o *op, f []string) {
	members, found := int64(0), f[0] == "OK"
	if found {
		members = int64(number(f[1]))
	}
	if found || o.unknown {
		r.end(tombDeleted, chat.UserEvent{Kind: chat.EventRoomDeleted, At: o.at})
	}
	if !o.answered {
		o.answered = true
		o.deleted(members, found || o.unknown && len(f) > 1 && f[1] == tombDeleted, true)
	}
}

// infoOf puts a room's description together from what scripts answer.
func (r *room) infoOf(members, epoch, seq, last, name, private, createdAt, createdBy string) chat.RoomInfo {
	e, _ := parseHex16(epoch)
	info := chat.RoomInfo{ID: r.id, Name: name, Private: private == "1", CreatedAt: int64(number(createdAt)),
		CreatedBy: chat.ClientID(number(createdBy)), Members: int(number(members)), Epoch: chat.Epoch(e), Seq: number(seq)}
	copy(info.Last[:], last)
	return info
}

// adopt notes a member of this node.
func (r *room) adopt(client chat.ClientID, value string) {
	if r.mine == nil {
		r.mine = map[chat.ClientID]string{}
	}
	r.mine[client] = strings.Clone(value)
}

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
