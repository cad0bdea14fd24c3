// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"math/rand/v2"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

type document = bson.D

func one(key string, value any) document { return document{{Key: key, Value: value}} }

// round is pymongo_round of tests/e2e/mongo_load.py.
func round(ctx context.Context, c *mongo.Collection, number int) {
	this, ofRound := one("_id", number), one("round", number)
	// Random numbers stay long when they are compressed.
	must(c.InsertOne(ctx, document{{Key: "_id", Value: number}, {Key: "kind", Value: "one"}, {Key: "long", Value: randoms(300)}}))
	many := make([]document, 20)
	for n := range many {
		many[n] = document{{Key: "kind", Value: "many"}, {Key: "n", Value: n}, {Key: "round", Value: number}}
	}
	must(c.InsertMany(ctx, many))
	check(c.FindOne(ctx, this).Err())
	must(c.UpdateOne(ctx, this, one("$set", one("seen", true))))
	must(c.UpdateMany(ctx, ofRound, one("$inc", one("n", 1))))
	check(c.FindOneAndUpdate(ctx, this, one("$inc", one("n", 1))).Err())
	for range 4 {
		check(c.FindOne(ctx, this).Err())
	}
	bulk(ctx, c, number)
	readAll(ctx, c, number)
	writeUnacknowledged(ctx, c, number)
	refused(second(c.InsertOne(ctx, this)))
	refused(c.FindOne(ctx, one("$nonsense", 1)).Err())
	refused(c.Database().RunCommand(ctx, one("nonesuch", 1)).Err())
	check(c.Database().RunCommand(ctx, one("ping", 1)).Err())
	_ = all(ctx, must(c.Indexes().List(ctx)))
	if number%20 == 0 {
		must(c.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: one("round", 1)}))
	}
	must(c.DeleteMany(ctx, ofRound))
}

func bulk(ctx context.Context, c *mongo.Collection, number int) {
	other := one("_id", -number-1)
	must(c.BulkWrite(ctx, []mongo.WriteModel{
		mongo.NewInsertOneModel().SetDocument(other),
		mongo.NewUpdateOneModel().SetFilter(one("_id", number)).SetUpdate(one("$set", one("bulk", 1))),
		mongo.NewReplaceOneModel().SetFilter(other).SetReplacement(one("replaced", 1)),
		mongo.NewDeleteOneModel().SetFilter(other),
	}))
}

func readAll(ctx context.Context, c *mongo.Collection, number int) {
	ofRound, two := one("round", number), options.Find().SetBatchSize(2)
	expect(len(all(ctx, must(c.Find(ctx, ofRound, two)))) == 20, "not 20")
	cursor := must(c.Find(ctx, ofRound, two))
	expect(cursor.Next(ctx), "no document")
	check(cursor.Close(ctx))
	groups := mongo.Pipeline{one("$match", ofRound), one("$group", one("_id", "$n"))}
	_ = all(ctx, must(c.Aggregate(ctx, groups, options.Aggregate().SetBatchSize(5))))
	must(c.CountDocuments(ctx, ofRound))
	must(c.EstimatedDocumentCount(ctx))
	check(c.Distinct(ctx, "n", ofRound).Err())
}

func writeUnacknowledged(ctx context.Context, c *mongo.Collection, number int) {
	unheard := c.Clone(options.Collection().SetWriteConcern(writeconcern.Unacknowledged()))
	must(unheard.InsertOne(ctx, document{{Key: "kind", Value: "w0"}, {Key: "round", Value: number}}))
	must(unheard.UpdateMany(ctx, one("round", number), one("$set", one("w0", 1))))
	must(unheard.DeleteMany(ctx, document{{Key: "kind", Value: "w0"}, {Key: "round", Value: number}}))
}

func all(ctx context.Context, cursor *mongo.Cursor) []bson.Raw {
	var documents []bson.Raw
	check(cursor.All(ctx, &documents))
	return documents
}

func randoms(count int) []float64 {
	numbers := make([]float64, count)
	for i := range numbers {
		numbers[i] = rand.Float64()
	}
	return numbers
}

func second(_ any, err error) error { return err }
