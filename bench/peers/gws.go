package main

import (
	"net/http"
	"sync"

	"github.com/lxzan/gws"
)

// gwsRooms is a room broadcaster on github.com/lxzan/gws: "J<number>" joins, every other text goes
// to all members through the library's own Broadcaster, which frames a message once.
type gwsRooms struct {
	gws.BuiltinEventHandler

	mu sync.Mutex
	// Guarded by mu.
	rooms map[string]*gwsRoom
}

type gwsRoom struct {
	mu sync.RWMutex
	// Guarded by mu.
	members map[*gws.Conn]struct{}
}

const roomKey = "room"

func serveGWS(address string) error {
	handler := &gwsRooms{rooms: map[string]*gwsRoom{}}
	// The settings of its README for many connections: read loops of their own, no compression.
	upgrader := gws.NewUpgrader(handler, &gws.ServerOption{})
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		if socket, err := upgrader.Upgrade(w, r); err == nil {
			go socket.ReadLoop()
		}
	})
	return http.ListenAndServe(address, mux)
}

func (h *gwsRooms) OnMessage(socket *gws.Conn, message *gws.Message) {
	defer func() { _ = message.Close() }()
	text := message.Bytes()
	if len(text) > 0 && text[0] == 'J' {
		h.join(socket, string(text))
		_ = socket.WriteMessage(gws.OpcodeText, text)
		return
	}
	value, found := socket.Session().Load(roomKey)
	if !found {
		return
	}
	room := value.(*gwsRoom)
	b := gws.NewBroadcaster(gws.OpcodeText, text)
	defer func() { _ = b.Close() }()
	room.mu.RLock()
	defer room.mu.RUnlock()
	for member := range room.members {
		_ = b.Broadcast(member)
	}
}

func (h *gwsRooms) join(socket *gws.Conn, name string) {
	h.mu.Lock()
	room := h.rooms[name]
	if room == nil {
		room = &gwsRoom{members: map[*gws.Conn]struct{}{}}
		h.rooms[name] = room
	}
	h.mu.Unlock()
	socket.Session().Store(roomKey, room)
	room.mu.Lock()
	room.members[socket] = struct{}{}
	room.mu.Unlock()
}

func (h *gwsRooms) OnClose(socket *gws.Conn, _ error) {
	if value, found := socket.Session().Load(roomKey); found {
		room := value.(*gwsRoom)
		room.mu.Lock()
		delete(room.members, socket)
		room.mu.Unlock()
	}
}
