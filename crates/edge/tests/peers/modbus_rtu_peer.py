"""A Modbus RTU line for tests: modbus_rtu_peer.py LINK

Two pseudo-terminals joined by this process: pymodbus answers at one end, the other end is linked at LINK. Holding registers
of unit 7: 0 is 4321, 1 is a counter that grows with each read. After SIGUSR1 the line is dead for 3 seconds.
"""
import asyncio
import os
import signal
import sys
import threading
import time
import tty

from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

dead_until = 0.0


def join(a, b):
    while True:
        some = os.read(a, 512)
        if time.monotonic() > dead_until:
            os.write(b, some)


async def count(function_code, start_address, address, count, registers, values):
    registers[1 - start_address] = (registers[1 - start_address] + 1) & 0xFFFF


def cut(*_):
    global dead_until
    dead_until = time.monotonic() + 3


async def main():
    (near, near_end), (far, far_end) = os.openpty(), os.openpty()
    for fd in (near, near_end, far, far_end):
        tty.setraw(fd)
    for pair in ((near, far), (far, near)):
        threading.Thread(target=join, args=pair, daemon=True).start()
    os.symlink(os.ttyname(near_end), sys.argv[1])
    signal.signal(signal.SIGUSR1, cut)
    device = SimDevice(7, simdata=[SimData(0, values=[4321, 0], datatype=DataType.REGISTERS)], action=count)
    server = ModbusSerialServer(device, port=os.ttyname(far_end), baudrate=19200)
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
