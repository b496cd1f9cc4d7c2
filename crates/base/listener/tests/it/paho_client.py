"""Three hundred messages, a hundred in each quality of service; then waits for a command and says its topic."""
import sys
import threading

import paho.mqtt.client as mqtt

port, version, device = int(sys.argv[1]), sys.argv[2], sys.argv[3]
protocol = mqtt.MQTTv5 if version == "5" else mqtt.MQTTv311
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="paho", protocol=protocol)
client.username_pw_set(f"token-{device}")
command, connected = threading.Event(), threading.Event()


def on_connect(client, userdata, flags, reason, properties):
    assert not reason.is_failure, reason
    connected.set()


def on_message(client, userdata, message):
    print(message.topic, message.payload.decode())
    command.set()


client.on_connect, client.on_message = on_connect, on_message
client.connect("127.0.0.1", port)
client.loop_start()
assert connected.wait(10)
sent = []
for qos in range(3):
    for i in range(100):
        payload = '{"ts":%d,"values":{"speed":%d}}' % (1700000000000 + qos * 1000 + i, i)
        sent.append(client.publish("v1/devices/me/telemetry", payload, qos=qos))
for message in sent:
    message.wait_for_publish(10)
    assert message.is_published()
client.subscribe("v1/devices/me/rpc/request/+", qos=1)
assert command.wait(10)
client.disconnect()
client.loop_stop()
