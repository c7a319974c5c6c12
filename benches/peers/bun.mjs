// Bun.serve as its documentation shows it: whoever is at /ws is subscribed to a topic, what is said at /pub is
// published to it. It checks nothing, and leaves the sockets' options as they come.
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, server) {
    const reports = new URL(request.url).pathname === '/pub';
    return server.upgrade(request, { data: { reports } }) ? undefined : new Response('', { status: 400 });
  },
  websocket: {
    perMessageDeflate: false,
    idleTimeout: 0,
    open(socket) {
      if (!socket.data.reports) socket.subscribe('events');
    },
    message(socket, text) {
      if (socket.data.reports) server.publish('events', text);
    },
  },
});
console.log(`${server.hostname}:${server.port}`);
