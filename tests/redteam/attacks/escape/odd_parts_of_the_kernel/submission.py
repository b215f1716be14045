import ctypes  # x86_64

call, zeros = ctypes.CDLL(None).syscall, ctypes.create_string_buffer(256)
perf = ctypes.create_string_buffer(b"\x01\0\0\0\x80\0\0\0" + bytes(32) + b"\x60", 256)
worked = any(
    call(*each) >= 0
    for each in (
        (425, 4, zeros),
        (321, 0, b"\x02\0\0\0\x04\0\0\0\x04\0\0\0\x01" + bytes(100), 72),
        (298, perf, 0, -1, -1, 0),
        (323, 1),
        (206, 8, ctypes.create_string_buffer(8)),
        (135, 0x0040000),
    )
)
assert worked
