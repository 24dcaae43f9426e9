package main

import (
	"fmt"
	"github.com/foretide/foretide/core/models"
	"runtime"

	"github.com/goccy/go-json"
	"github.com/spf13/cobra"

	"github.com/foretide/foretide/loader"
)

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what it was built with",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version  string   `json:"version"`
				Go       string   `json:"go"`
				Platform string   `json:"platform"`
				Models   []string `json:"models"`
			}{loader.BuildVersion(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, models.Names()}
			if asJSON {
				return json.NewEncoder(a.out).Encode(v)
			}
			_, err := fmt.Fprintf(a.out, "foretide %s, %s, %s\n", v.Version, v.Go, v.Platform)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
