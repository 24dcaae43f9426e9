package localstack

import (
	"net"
	"net/netip"
	"testing"
)

func TestBridge(t *testing.T) {
	var own []net.Addr
	for _, s := range []string{"127.0.0.1/8", "192.0.2.2/24", "fd00::2/64", "172.17.0.1/16", "fe80::42:1/64"} {
		ip, n, err := net.ParseCIDR(s)
		if err != nil {
			t.Fatal(err)
		}
		own = append(own, &net.IPNet{IP: ip, Mask: n.Mask})
	}
	desktop := Bridge{"127.0.0.1", "host.docker.internal"}
	for _, c := range []struct {
		name, subnet, gateway string
		want                  Bridge
	}{
		{"a gateway of this machine", "172.17.0.0/16", "172.17.0.1", Bridge{"172.17.0.1", "172.17.0.1"}},
		{"an engine that was never restarted", "172.17.0.0/16", "", Bridge{"172.17.0.1", "172.17.0.1"}},
		{"an engine in a virtual machine", "172.18.0.0/16", "172.18.0.1", desktop},
		{"the same, never restarted", "172.18.0.0/16", "", desktop},
		{"a gateway beside this machine", "192.0.2.0/24", "192.0.2.1", desktop},
	} {
		if got := bridge(netip.MustParsePrefix(c.subnet), c.gateway, own); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
