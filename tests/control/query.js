// What a client of OSCQuery that is not ours reads from a daemon: node query.js HOST PORT
const { OSCQueryDiscovery } = require("oscquery");
const [host, port] = process.argv.slice(2);

new OSCQueryDiscovery().queryNewService(host, Number(port)).then(service => {
  console.log(JSON.stringify({ host: service.hostInfo, methods: service.flat() }));
});
