package main

import (
	"github.com/spf13/cobra"

	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/newfile"
	"github.com/foretide/foretide/internal/terminal"
)

// packCommand is a subcommand of checkpoint.
func (a *app) packCommand() *cobra.Command {
	var store, out string
	cmd := &cobra.Command{
		Use:   "pack",
		Short: "Pack a store's checkpoints into a model.tar.gz, for a SageMaker endpoint",
		Long: `Pack writes a gzip-compressed tar file with every checkpoint of a store, as
METRIC/CONTAINER.ckpt: the model of a SageMaker endpoint (docs/sagemaker.md) that
was trained elsewhere. Every checkpoint is checked. The same checkpoints give the
same bytes.`,
		Example: `  foretide checkpoint pack --store checkpoints -o model.tar.gz
  foretide checkpoint pack --store s3://bucket/checkpoints -o model.tar.gz`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usagef(cmd, "--out is missing: it names the file, such as model.tar.gz")
			}
			s, err := storeOf(cmd.Context(), store)
			if err != nil {
				return err
			}
			f, err := newfile.Create(out)
			if err != nil {
				return err
			}
			defer f.Abort()
			n, err := fleet.Pack(cmd.Context(), f, s)
			if err != nil {
				return err
			}
			if err := f.Commit(); err != nil {
				return err
			}
			a.notice("%s of %s are in %s", terminal.Counted(n, "checkpoint"), store, out)
			return nil
		},
	}
	cmd.Flags().StringVar(&store, "store", defaultStore, storeHelp+"with the checkpoints")
	cmd.Flags().StringVarP(&out, "out", "o", "", "file for the model")
	return cmd
}
