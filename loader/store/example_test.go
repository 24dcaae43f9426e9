package store_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/foretide/foretide/loader/store"
)

// Two writers change an object: the second one finds that the first was faster.
func ExampleIfMatch() {
	ctx := context.Background()
	b := &store.Memory{} // or a store.Folder, or a bucket of infra/s3
	if err := b.Put(ctx, "runs/plan.json", []byte("{}"), store.IfMatch("")); err != nil {
		log.Fatal(err)
	}
	o, err := b.Stat(ctx, "runs/plan.json")
	if err != nil {
		log.Fatal(err)
	}
	for _, text := range []string{`{"by": 1}`, `{"by": 2}`} {
		err := b.Put(ctx, "runs/plan.json", []byte(text), store.IfMatch(o.Revision))
		fmt.Println(err, errors.Is(err, store.ErrChanged))
	}
	for o, err := range b.List(ctx, "runs/", "") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(o.Name, o.Size)
	}
	// Output:
	// <nil> false
	// store: cannot write runs/plan.json: changed meanwhile true
	// runs/plan.json 9
}
