package torch

import (
	"bytes"
	"errors"
	"os/exec"
	"testing"
)

func command(python, script string, args ...string) (string, error) {
	out, err := exec.Command(python, append([]string{"-c", script}, args...)...).CombinedOutput()
	return string(out), err
}

// FuzzFile: whatever the bytes, there is an ErrFormat or a file whose tensors
// can be read and lie beside one another.
func FuzzFile(f *testing.F) {
	f.Add(bytesOf(`{}`))
	f.Add(bytesOf(`{"__metadata__":{"a":"b"},"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}`, 1, 2, 3, 4, 5, 6, 7, 8))
	f.Add(bytesOf(`{"x":{"dtype":"F16","shape":[],"data_offsets":[0,2]},"y":{"dtype":"I64","shape":[1],"data_offsets":[2,10]}}`, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10))
	f.Add(bytesOf(`{"x":{"dtype":"F4","shape":[2],"data_offsets":[0,1]},"y":{"dtype":"U8","shape":[0,99999],"data_offsets":[1,1]}}`, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := newTensorFile(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		data := int64(0)
		for i := range file.Tensors {
			x := &file.Tensors[i]
			data += x.to - x.from
			floats, err := file.Floats(x.Name)
			_, err2 := file.Doubles(x.Name)
			_, err3 := file.Ints(x.Name)
			if (err != nil && !errors.Is(err, ErrFormat)) || (err2 != nil && !errors.Is(err2, ErrFormat)) || (err3 != nil && !errors.Is(err3, ErrFormat)) {
				t.Fatal(err, err2, err3)
			}
			if err == nil && len(floats) != x.Len() {
				t.Fatalf("%d elements of %d", len(floats), x.Len())
			}
		}
		if len(file.Tensors) > 0 && file.Tensors[0].from+data != int64(len(b)) {
			t.Fatalf("tensors of %d bytes in a file of %d", data, len(b))
		}
	})
}
