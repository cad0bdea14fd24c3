// SPDX-License-Identifier: Apache-2.0

// Commands by MongoDB's Go driver; ends with an error where mongod does not answer as it should.
//
//	mongoload rounds URI ROUNDS CLIENTS   the load of tests/e2e/mongo_load.py
//	mongoload SCENARIO URI                one of tests/e2e/mongo_scenarios.py
package main

import (
	"context"
	"log"
	"os"
	"strconv"
	"sync"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const database = "go"

func main() {
	log.SetFlags(log.Lshortfile)
	if len(os.Args) == 5 && os.Args[1] == "rounds" {
		rounds, clients := must(strconv.Atoi(os.Args[3])), must(strconv.Atoi(os.Args[4]))
		allRounds(os.Args[2], rounds, clients)
		return
	}
	if len(os.Args) != 3 || scenarios[os.Args[1]] == nil {
		log.Fatalf("usage: mongoload rounds URI ROUNDS CLIENTS | SCENARIO URI")
	}
	ctx := context.Background()
	client := connect(os.Args[2])
	scenarios[os.Args[1]](ctx, client, client.Database(database))
	check(client.Disconnect(ctx))
}

func connect(uri string) *mongo.Client {
	return must(mongo.Connect(options.Client().ApplyURI(uri).SetServerMonitoringMode("poll")))
}

// allRounds has a collection for each client.
func allRounds(uri string, rounds, clients int) {
	var running sync.WaitGroup
	for i := range clients {
		running.Add(1)
		go func() {
			defer running.Done()
			ctx := context.Background()
			client := connect(uri)
			c := client.Database(database).Collection("c" + strconv.Itoa(i))
			for number := range rounds {
				round(ctx, c, number)
			}
			check(client.Disconnect(ctx))
		}()
	}
	running.Wait()
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		_ = log.Output(3, err.Error())
		os.Exit(1)
	}
}

// refused ends the program where mongod has done what it should refuse.
func refused(err error) {
	if err == nil {
		_ = log.Output(2, "mongod did not refuse it")
		os.Exit(1)
	}
}

func expect(holds bool, what string) {
	if !holds {
		_ = log.Output(2, what)
		os.Exit(1)
	}
}
