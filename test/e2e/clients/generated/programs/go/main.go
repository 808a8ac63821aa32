package main

import (
	"context"
	"fmt"
	"os"

	"clients/generated"
)

func main() {
	client, err := generated.NewClientWithResponses(os.Args[1])
	check(err)
	named, values := generated.PredictBody_Instances_Item{}, generated.PredictBody_Instances_Item{}
	check(named.FromRow(generated.Row{Cylinders: 8, Displacement: 307, Weight: 3504, Acceleration: 12, ModelYear: 70, Origin: 1}))
	check(values.FromRowValues(generated.RowValues{number(8), number(307), nil, number(3504), number(12), number(70), number(1)}))
	body := generated.PredictBody{Instances: []generated.PredictBody_Instances_Item{named, values}}
	reply, err := client.PredictWithResponse(context.Background(), nil, body)
	check(err)
	if reply.JSON200 == nil {
		panic(string(reply.Body))
	}
	predictions := reply.JSON200.Predictions
	if len(predictions) != 2 || predictions[0][0] != predictions[1][0] || predictions[0][0] < 5 || predictions[0][0] > 50 {
		panic(fmt.Sprint(predictions))
	}
	drift, err := client.GetDriftWithResponse(context.Background())
	check(err)
	if drift.JSON200 == nil || drift.JSON200.Detected {
		panic(string(drift.Body))
	}
	missing, err := client.GetVersionWithResponse(context.Background(), "99")
	check(err)
	if missing.JSON404 == nil || missing.JSON404.Code != "VERSION_NOT_FOUND" {
		panic(string(missing.Body))
	}
}

func number(value float32) *float32 {
	return &value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
