// SPDX-License-Identifier: Apache-2.0

// Command mme is a small stand-in for the multi-tenant application that the agent watches from outside:
// every tenant's memories in one collection of mongod, told apart by tenantId only.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"net/http"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8001", "`address` to serve on")
	uri := flag.String("mongodb", "mongodb://127.0.0.1:27017", "`URI` of mongod")
	tenants := flag.Int("tenants", 5, "tenants to make documents for")
	memories := flag.Int("memories", 200, "memories of each tenant")
	flag.Parse()

	client, err := mongo.Connect(options.Client().ApplyURI(*uri).SetAppName("mme"))
	if err != nil {
		log.Fatal(err)
	}
	store := newStore(client.Database("mme"))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := store.prepare(ctx, *tenants, *memories); err != nil {
		log.Fatal(err)
	}

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("serving on %s", listener.Addr())
	log.Fatal(http.Serve(listener, routes(store)))
}
