// A room broadcaster on the npm package ws: "J<number>" joins, every other text goes to all
// members of the room.
import { WebSocketServer } from "ws";
import { port } from "./options.mjs";

const rooms = new Map();

const server = new WebSocketServer({ host: "127.0.0.1", port, perMessageDeflate: false, backlog: 4096 });
server.on("connection", (socket) => {
  let room;
  socket.on("message", (data) => {
    const text = data.toString();
    if (text[0] === "J") {
      room = rooms.get(text) ?? new Set();
      rooms.set(text, room);
      room.add(socket);
      socket.send(text);
      return;
    }
    if (room) for (const member of room) member.send(text);
  });
  socket.on("error", () => {}); // "close" follows
  socket.on("close", () => room?.delete(socket));
});
