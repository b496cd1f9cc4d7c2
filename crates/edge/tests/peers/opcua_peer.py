"""An OPC UA server for tests: opcua_peer.py PORT [FLAT_NODES]

Folder ns=2;s=Press with the variables Temperature (grows every 100 ms; its source time lies two seconds behind), Sensor
(bad, sensor failure), Guess (uncertain), Name (text), Running (flag), List (an array). With FLAT_NODES, a folder
ns=2;s=Flat with so many variables. Endpoints: None, and Basic256Sha256 with a certificate made on the spot.
"""
import asyncio
import datetime
import logging
import sys
import tempfile
from pathlib import Path

from asyncua import Server, ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.server.address_space import NodeData
from cryptography.x509.oid import ExtendedKeyUsageOID

logging.disable(logging.WARNING)
URI = "urn:yunjin:test:peer"


def fill(server, folder, count):
    """What add_variable does, without its search for doubles among all children: that takes the square of their number."""
    space, manager = server.iserver.aspace, server.iserver.node_mgt_service
    parent = space[folder.nodeid]
    for i in range(count):
        attributes = ua.VariableAttributes(
            DisplayName=ua.LocalizedText(f"V{i}"), Value=ua.Variant(float(i), ua.VariantType.Double), DataType=ua.NodeId(11)
        )
        item = ua.AddNodesItem()
        item.BrowseName = ua.QualifiedName(f"V{i}", 2)
        item.NodeClass = ua.NodeClass.Variable
        item.NodeAttributes = attributes
        node = NodeData(ua.NodeId(f"Flat.{i}", 2))
        manager._add_node_attributes(node, item, False)
        space[node.nodeid] = node
        parent.references.append(
            ua.ReferenceDescription(
                ReferenceTypeId=ua.NodeId(ua.ObjectIds.Organizes),
                IsForward=True,
                NodeId=node.nodeid,
                BrowseName=item.BrowseName,
                DisplayName=attributes.DisplayName,
                NodeClass=ua.NodeClass.Variable,
                TypeDefinition=ua.NodeId(ua.ObjectIds.BaseDataVariableType),
            )
        )


async def main():
    port = int(sys.argv[1])
    flat = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}")
    await server.set_application_uri(URI)
    folder = Path(tempfile.mkdtemp())
    cert, key = folder / "cert.der", folder / "key.pem"
    await setup_self_signed_certificate(
        key, cert, URI, "127.0.0.1", [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH], {"commonName": "peer"}
    )
    await server.load_certificate(cert)
    await server.load_private_key(key)
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity, ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
    await server.register_namespace("urn:one")
    objects = server.nodes.objects
    press = await objects.add_folder(ua.NodeId("Press", 2), "2:Press")

    async def variable(name, value):
        return await press.add_variable(ua.NodeId("Press." + name, 2), f"2:{name}", value)

    temperature = await variable("Temperature", 20.0)
    sensor = await variable("Sensor", 1.0)
    guess = await variable("Guess", 2.0)
    await variable("Name", "press seven")
    await variable("Running", True)
    await variable("List", [1.0, 2.0])
    bad = ua.StatusCode(ua.StatusCodes.BadSensorFailure)
    await sensor.write_value(ua.DataValue(ua.Variant(1.0, ua.VariantType.Double), StatusCode=bad))
    unsure = ua.StatusCode(ua.StatusCodes.UncertainLastUsableValue)
    await guess.write_value(ua.DataValue(ua.Variant(2.0, ua.VariantType.Double), StatusCode=unsure))
    if flat:
        many = await objects.add_folder(ua.NodeId("Flat", 2), "2:Flat")
        fill(server, many, flat)
    async with server:
        print("ready", flush=True)
        value = 20.0
        while True:
            await asyncio.sleep(0.1)
            value += 1.0
            now = datetime.datetime.now(datetime.timezone.utc)
            await temperature.write_value(
                ua.DataValue(
                    ua.Variant(value, ua.VariantType.Double),
                    SourceTimestamp=now - datetime.timedelta(seconds=2),
                    ServerTimestamp=now,
                )
            )


asyncio.run(main())
