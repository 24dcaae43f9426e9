package main

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// assign sets fields of a configuration, which is a pointer to a struct, by their
// names: "ridges=0.001,0.1;halving=0.5". Fields are numbers or slices of them.
func assign(config any, settings string) error {
	if settings == "" {
		return nil
	}
	for s := range strings.SplitSeq(settings, ";") {
		name, value, _ := strings.Cut(s, "=")
		f := reflect.ValueOf(config).Elem().FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, name) })
		if !f.IsValid() {
			return fmt.Errorf("-set %s: the configuration has no field %q", s, name)
		}
		var numbers []float64
		for text := range strings.SplitSeq(value, ",") {
			x, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return fmt.Errorf("-set %s: %w", s, err)
			}
			numbers = append(numbers, x)
		}
		if f.Kind() != reflect.Slice {
			setNumber(f, numbers[0])
			continue
		}
		slice := reflect.MakeSlice(f.Type(), len(numbers), len(numbers))
		for i, x := range numbers {
			setNumber(slice.Index(i), x)
		}
		f.Set(slice)
	}
	return nil
}

func setNumber(f reflect.Value, x float64) {
	if f.Kind() == reflect.Int {
		f.SetInt(int64(x))
	} else {
		f.SetFloat(x)
	}
}
