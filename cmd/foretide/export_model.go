package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/infra/torch"
	"github.com/foretide/foretide/internal/newfile"
	"github.com/foretide/foretide/loader"
)

type exportModelFlags struct{ format, out string }

// exportModelCommand is a subcommand of checkpoint.
func (a *app) exportModelCommand() *cobra.Command {
	var f exportModelFlags
	cmd := &cobra.Command{
		Use:   "export FILE",
		Short: "Write the network of a checkpoint for PyTorch (safetensors) or as ONNX",
		Long: `Export writes the network of an LSTM's checkpoint: as safetensors with the names
of PyTorch's nn.LSTM, which infra/torch/train.py has the model for, or as an
ONNX model. Both forecast (value - last) / scale of a window that is encoded as
"foretide windows" writes it; with --latest it writes the newest. What the
numbers mean is in the file's metadata. The checkpoint's gate and its calibrated
intervals are not in either: they are of the data that judged it.`,
		Example: `  foretide checkpoint export checkpoints/cpu/_shared.ckpt -o cpu.onnx
  foretide checkpoint export checkpoints/cpu/_shared.ckpt -o cpu.safetensors`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef(cmd, "name the checkpoint")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.exportModel(cmd, args[0], &f) },
	}
	fs := cmd.Flags()
	fs.StringVarP(&f.out, "out", "o", "", "file for the network")
	fs.StringVar(&f.format, "format", "", "safetensors or onnx (default: as --out ends)")
	return cmd
}

func (a *app) exportModel(cmd *cobra.Command, path string, f *exportModelFlags) error {
	if f.out == "" {
		return usagef(cmd, "--out is missing: it names the file for the network, such as cpu.onnx")
	}
	format := f.format
	if format == "" {
		format = strings.ToLower(strings.TrimPrefix(filepath.Ext(f.out), "."))
	}
	if format != "safetensors" && format != "onnx" {
		if f.format == "" {
			return usagef(cmd, "--out is %s, which does not end in .safetensors or .onnx; name the --format", f.out)
		}
		return usagef(cmd, "--format is %q; it can be safetensors or onnx", f.format)
	}
	c, net, err := readNetwork(cmd.Context(), path)
	if err != nil {
		return err
	}
	if format == "safetensors" {
		err = torch.Save(f.out, &torch.Model{Fitted: net, Config: c.Provenance.Config, Data: c.Provenance.DataDigest})
	} else {
		var b []byte
		if b, err = torch.EncodeONNX(net, loader.Version); err == nil {
			err = newfile.Write(f.out, b)
		}
	}
	if err != nil {
		return err
	}
	a.notice("%s of %s is in %s", net.Summary(), net.Spec().Metric, f.out)
	return nil
}

// readNetwork returns a checkpoint and the network in it.
func readNetwork(ctx context.Context, path string) (*codec.Checkpoint, *lstm.Fitted, error) {
	c, _, err := readCheckpoint(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	m, err := models.DecodeCheckpoint(c, c.Payload)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	net, ok := lstmOf(m, c.Container)
	if !ok {
		return nil, nil, dataf("%s: its model is no LSTM but %s (%s), which has no network to write",
			path, c.Provenance.Model, c.Provenance.Summary)
	}
	return c, net, nil
}
