package config_test

import (
	"fmt"

	"github.com/foretide/foretide/loader/config"
)

// Each value has the place that it came from: a flag wins over the file, the file over
// the default.
func ExampleConfig_Apply() {
	c, err := config.Parse("cpu.yaml", []byte("metric_name: cpu\nmodel: {model_type: linear}\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Model.ModelType, c.Source("model.model_type"))
	if err := c.Apply(config.Flag("model_type", "model", "arima")); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Model.ModelType, c.Source("model.model_type"))
	// Output:
	// linear cpu.yaml:2
	// arima --model
}

// An error names the place, what is wrong, and the nearest key.
func ExampleParse() {
	_, err := config.Parse("cpu.yaml", []byte("metric_name: cpu\nmodel: {model_tpye: linear}\n"))
	fmt.Println(err)
	// Output: cpu.yaml:2:9: unknown key "model_tpye" in model; did you mean "model_type"?
}
