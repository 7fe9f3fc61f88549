package chat

import "testing"

func TestEpochText(t *testing.T) {
	for _, e := range []Epoch{0, 1, 0xdeadbeef, 1<<64 - 1} {
		if got, ok := ParseEpoch(e.String()); !ok || got != e {
			t.Errorf("%s reads as %x", e, got)
		}
	}
	for _, text := range []string{"", "1", "000000000000000g", "00000000000000FF", "00000000000000000", "-000000000000001"} {
		if e, ok := ParseEpoch(text); ok {
			t.Errorf("%q reads as %x", text, e)
		}
	}
}

func TestMessageIDText(t *testing.T) {
	if got := someMessage.String(); got != "00010203-0405-0607-0809-0a0b0c0d0e0f" {
		t.Errorf("got %s", got)
	}
	for _, text := range []string{"00010203-0405-0607-0809-0a0b0c0d0e0f", "00010203-0405-0607-0809-0A0B0C0D0E0F"} {
		if got, ok := ParseMessageID([]byte(text)); !ok || got != someMessage {
			t.Errorf("%q reads as %v", text, got)
		}
	}
	for _, text := range []string{"", "000102030405-0607-0809-0a0b0c0d0e0f-", "0001020304050607080900a0b0c0d0e0f0000", "g0010203-0405-0607-0809-0a0b0c0d0e0f", "{0010203-0405-0607-0809-0a0b0c0d0e0}"} {
		if id, ok := ParseMessageID(text); ok {
			t.Errorf("%q reads as %s", text, id)
		}
	}
}

func TestCloseCodes(t *testing.T) {
	tests := []struct {
		code                 CloseCode
		reconnect, resumable bool
	}{
		{1000, false, false}, {1001, true, true}, {1006, true, true}, {1008, true, false}, {1013, true, false},
		{4000, true, true}, {4001, true, true}, {4499, true, true}, {4500, false, false}, {4501, false, false},
		{4502, false, false}, {4999, false, false},
	}
	for _, test := range tests {
		if test.code.Reconnect() != test.reconnect || test.code.Resumable() != test.resumable {
			t.Errorf("%d: reconnect %v, resume %v", test.code, test.code.Reconnect(), test.code.Resumable())
		}
	}
}

func TestNamesOnTheWire(t *testing.T) {
	for _, c := range CommandTypes {
		if c.String() == "" || commandType([]byte(c.String())) != c {
			t.Errorf("command %d is %q", c, c)
		}
	}
	if len(CommandTypes) != len(commandNames)-1 || len(EventTypes) != len(eventNames)-1 {
		t.Error("a type is missing in its list")
	}
	if CommandType(200).String() != "" || EventType(200).String() != "" {
		t.Error("a type that is none has a name")
	}
}
