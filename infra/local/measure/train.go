package main

import "context"

func training(ctx context.Context, paths map[string]string, step int64, out string) error { return nil }
