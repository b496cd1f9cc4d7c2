// An OPC UA server of another stack for tests: node opcua_peer.js PORT FLAT_NODES
// Folder ns=1;s=Flat with FLAT_NODES variables, and ns=1;s=Level that grows every 100 ms. It pages what it is asked for.
const path = require("path");
const root = process.env.YUNJIN_NODE_PEERS || __dirname;
const { OPCUAServer, Variant, DataType, OPCUACertificateManager } = require(require.resolve("node-opcua", { paths: [root] }));

(async () => {
  const port = Number(process.argv[2]);
  const flat = Number(process.argv[3] || 0);
  const pki = path.join(require("os").tmpdir(), `yunjin-peer-pki-${port}`);
  const server = new OPCUAServer({
    port,
    hostname: "127.0.0.1",
    serverCertificateManager: new OPCUACertificateManager({ rootFolder: pki, automaticallyAcceptUnknownCertificate: true }),
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const own = space.getOwnNamespace();
  let level = 0;
  setInterval(() => (level += 1), 100);
  own.addVariable({
    organizedBy: space.rootFolder.objects,
    nodeId: "s=Level",
    browseName: "Level",
    dataType: "Double",
    minimumSamplingInterval: 50,
    value: { get: () => new Variant({ dataType: DataType.Double, value: level }) },
  });
  const folder = own.addFolder(space.rootFolder.objects, { nodeId: "s=Flat", browseName: "Flat" });
  for (let i = 0; i < flat; i++) {
    own.addVariable({
      organizedBy: folder,
      nodeId: `s=Flat.${i}`,
      browseName: `V${i}`,
      dataType: "Double",
      value: { dataType: DataType.Double, value: i },
    });
  }
  await server.start();
  console.log("ready");
})().catch((e) => {
  console.error(e);
  process.exit(1);
});
