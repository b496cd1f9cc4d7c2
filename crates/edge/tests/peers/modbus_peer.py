"""A Modbus server for tests: modbus_peer.py PORT [SERIAL]

Unit 1, holding registers: 0 f32 12.5 (CDAB), 2 u16 1234, 3 i16 -5, 4 bits, 10 string "PUMP-1", 50 to 549 their own address,
600 a counter that grows with each read; 700 on do not exist. Coils 0 to 9: every other one is on. Input register 0: 77.
Unit 2 answers every request by "device failure". With SERIAL, RTU on that port instead of TCP.
"""
import asyncio
import struct
import sys

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


async def count(function_code, start_address, address, count, registers, values):
    if function_code == 3 and address <= 600 < address + count:
        at = 600 - start_address
        registers[at] = (registers[at] + 1) & 0xFFFF


async def fail(*_):
    return ExcCodes.DEVICE_FAILURE


def devices():
    high, low = struct.unpack(">HH", struct.pack(">f", 12.5))
    name = struct.unpack(">8H", b"PUMP-1".ljust(16, b"\0"))
    holding = [low, high, 1234, 0xFFFB, 0b1010] + [0] * 5 + list(name) + [0] * 32
    holding += list(range(50, 550)) + [0] * 50 + [0] * 100
    blocks = (
        [SimData(0, values=[True, False] * 8, datatype=DataType.BITS)],
        [SimData(0, values=[False] * 16, datatype=DataType.BITS)],
        [SimData(0, values=holding, datatype=DataType.REGISTERS)],
        [SimData(0, values=[77], datatype=DataType.REGISTERS)],
    )
    return [
        SimDevice(1, simdata=blocks, action=count),
        SimDevice(2, simdata=[SimData(0, count=10, values=0, datatype=DataType.REGISTERS)], action=fail),
    ]


async def main():
    if len(sys.argv) > 2:
        server = ModbusSerialServer(devices(), port=sys.argv[2], baudrate=9600)
    else:
        server = ModbusTcpServer(devices(), address=("127.0.0.1", int(sys.argv[1])))
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
