// A room broadcaster on Socket.IO: event "join" with a number, event "m" with a text. With --redis
// its nodes meet through the Redis adapter.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { options, port } from "./options.mjs";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });

if (options.redis) {
  const publisher = createClient({ url: options.redis });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  io.adapter(createAdapter(publisher, subscriber));
}

io.on("connection", (socket) => {
  let room;
  socket.on("join", async (number) => {
    room = String(number);
    await socket.join(room);
    socket.emit("joined");
  });
  socket.on("m", (text) => io.to(room).emit("m", text));
});

http.listen({ host: "127.0.0.1", port, backlog: 4096 });
