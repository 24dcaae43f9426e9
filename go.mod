module github.com/foretide/foretide

go 1.25.0
