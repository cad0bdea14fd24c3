// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// What each does, and how often, is what the function of its name in tests/e2e/mongo_scenarios.py does.
var scenarios = map[string]func(context.Context, *mongo.Client, *mongo.Database){
	"transactions":           transactions,
	"change_stream":          changeStream,
	"tailable_cursor":        tailableCursor,
	"bulk_writes":            bulkWrites,
	"large_documents":        largeDocuments,
	"documents_of_all_sizes": documentsOfAllSizes,
	"long_chain":             longChain,
}

const largeBytes = 16*1024*1024 - 25

func numbered(from, to int) []document {
	documents := make([]document, 0, to-from)
	for n := from; n < to; n++ {
		documents = append(documents, document{{Key: "_id", Value: n}, {Key: "n", Value: 0}})
	}
	return documents
}

func transactions(ctx context.Context, client *mongo.Client, db *mongo.Database) {
	c, increment := db.Collection("c"), one("$inc", one("n", 1))
	must(c.InsertMany(ctx, numbered(0, 10)))
	session := must(client.StartSession())
	inside := mongo.NewSessionContext(ctx, session)
	for n := range 10 {
		check(session.StartTransaction())
		must(c.UpdateOne(inside, one("_id", n), increment))
		check(c.FindOne(inside, document{{Key: "_id", Value: n}, {Key: "n", Value: 1}}).Err())
		check(session.CommitTransaction(ctx))
		check(session.CommitTransaction(ctx)) // sent again
	}
	for n := range 10 {
		check(session.StartTransaction())
		must(c.DeleteOne(inside, one("_id", n)))
		check(session.AbortTransaction(ctx))
	}
	other := must(client.StartSession())
	for n := range 10 {
		check(session.StartTransaction())
		must(c.UpdateOne(inside, one("_id", n), increment))
		attempts := 0
		must(other.WithTransaction(ctx, func(inner context.Context) (any, error) {
			if attempts++; attempts == 2 {
				check(session.CommitTransaction(ctx))
			}
			return c.UpdateOne(inner, one("_id", n), increment)
		}))
		expect(attempts == 2, "no conflict")
	}
	other.EndSession(ctx)
	session.EndSession(ctx)
	expect(must(c.CountDocuments(ctx, one("n", 3))) == 10, "not 10")
}

func changeStream(ctx context.Context, _ *mongo.Client, db *mongo.Database) {
	c := db.Collection("c")
	must(c.InsertOne(ctx, one("_id", -1)))
	stream := must(c.Watch(ctx, mongo.Pipeline{}, options.ChangeStream().SetMaxAwaitTime(400*time.Millisecond)))
	expect(!stream.TryNext(ctx), "a change too early")
	for n := range 20 {
		must(c.InsertOne(ctx, one("_id", n)))
		expect(stream.Next(ctx) && stream.Current.Lookup("documentKey", "_id").AsInt64() == int64(n), "another change")
	}
	check(stream.Close(ctx))
}

func tailableCursor(ctx context.Context, _ *mongo.Client, db *mongo.Database) {
	check(db.CreateCollection(ctx, "capped", options.CreateCollection().SetCapped(true).SetSizeInBytes(1<<20)))
	capped := db.Collection("capped")
	must(capped.InsertOne(ctx, one("_id", -1)))
	cursor := must(capped.Find(ctx, document{}, options.Find().SetCursorType(options.TailableAwait)))
	expect(cursor.Next(ctx), "no document")
	expect(!cursor.TryNext(ctx), "a document too early")
	for n := range 20 {
		must(capped.InsertOne(ctx, one("_id", n)))
		expect(cursor.Next(ctx) && cursor.Current.Lookup("_id").AsInt64() == int64(n), "another document")
	}
	check(cursor.Close(ctx))
}

func bulkWrites(ctx context.Context, _ *mongo.Client, db *mongo.Database) {
	c := db.Collection("c")
	must(c.InsertMany(ctx, numbered(0, 1000)))
	for range 10 {
		var models []mongo.WriteModel
		for n := 900; n < 1100; n++ {
			models = append(models, mongo.NewInsertOneModel().SetDocument(one("_id", n)))
		}
		for n := 900; n < 1100; n++ {
			models = append(models,
				mongo.NewUpdateOneModel().SetFilter(one("_id", n)).SetUpdate(one("$inc", one("n", 1))))
		}
		for n := 1000; n < 1100; n++ {
			models = append(models, mongo.NewDeleteOneModel().SetFilter(one("_id", n)))
		}
		refused(second(c.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))))
		refused(second(c.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(true))))
	}
	expect(must(c.CountDocuments(ctx, document{})) == 1000, "not 1000")
	expect(must(c.CountDocuments(ctx, one("n", 10))) == 100, "not 100")
}

func largeDocuments(ctx context.Context, _ *mongo.Client, db *mongo.Database) {
	c := db.Collection("c")
	for n, data := range [][]byte{noise(largeBytes), make([]byte, largeBytes)} {
		must(c.InsertOne(ctx, document{{Key: "_id", Value: n}, {Key: "data", Value: bson.Binary{Data: data}}}))
	}
	for n := range 2 {
		found := must(c.FindOne(ctx, one("_id", n)).Raw())
		expect(len(found) == largeBytes+25, "not of 16 MB")
	}
	expect(len(all(ctx, must(c.Find(ctx, document{})))) == 2, "not 2")
}

func documentsOfAllSizes(ctx context.Context, _ *mongo.Client, db *mongo.Database) {
	c := db.Collection("c")
	for exponent := 10; exponent <= 20; exponent++ {
		for range 3 {
			must(c.InsertOne(ctx, one("data", bson.Binary{Data: noise(1 << exponent)})))
		}
	}
	expect(must(c.CountDocuments(ctx, document{})) == 33, "not 33")
}

func noise(size int) []byte {
	data := make([]byte, size)
	must(rand.Read(data))
	return data
}

func longChain(ctx context.Context, _ *mongo.Client, db *mongo.Database) {
	c := db.Collection("c")
	must(c.InsertMany(ctx, numbered(0, 10_000)))
	expect(len(all(ctx, must(c.Find(ctx, document{}, options.Find().SetBatchSize(100))))) == 10_000, "not 10,000")
}
