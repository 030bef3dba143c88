"""One ring with one device: /etc/swift/NAME and its port are the arguments."""
import sys

from swift.common.ring import RingBuilder

name, port = sys.argv[1], int(sys.argv[2])
builder = RingBuilder(2, 1, 0)
builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d1", "weight": 1})
builder.rebalance()
builder.get_ring().save(name + ".ring.gz")
