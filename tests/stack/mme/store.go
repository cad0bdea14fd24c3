// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

type memory struct {
	ID        string    `bson:"_id" json:"id"`
	TenantID  string    `bson:"tenantId" json:"tenantId"`
	Text      string    `bson:"text" json:"text"`
	Tags      []string  `bson:"tags" json:"tags"`
	Embedding []float64 `bson:"embedding" json:"-"`
	Score     float64   `bson:"score" json:"score"`
	Promoted  int       `bson:"promoted" json:"promoted"`
	CreatedAt time.Time `bson:"createdAt" json:"createdAt"`
}

type store struct{ memories, tags, audit *mongo.Collection }

func newStore(db *mongo.Database) *store {
	return &store{memories: db.Collection("memories"), tags: db.Collection("tags"), audit: db.Collection("audit")}
}

func tenantName(i int) string { return fmt.Sprintf("tenant-%c", 'a'+i%26) }

func memoryID(tenant string, i int) string { return fmt.Sprintf("%s-%06d", tenant, i) }

// prepare makes the indexes and, in an empty database, the documents.
func (s *store) prepare(ctx context.Context, tenants, memories int) error {
	_, err := s.memories.Indexes().CreateMany(ctx, []mongo.IndexModel{
		{Keys: bson.D{{Key: "tenantId", Value: 1}, {Key: "createdAt", Value: -1}}},
		{Keys: bson.D{{Key: "tenantId", Value: 1}, {Key: "tags", Value: 1}}},
	})
	if err != nil {
		return err
	}
	unique := options.Index().SetUnique(true)
	_, err = s.tags.Indexes().CreateOne(ctx,
		mongo.IndexModel{Keys: bson.D{{Key: "tenantId", Value: 1}, {Key: "name", Value: 1}}, Options: unique})
	if err != nil {
		return err
	}
	if n, err := s.memories.EstimatedDocumentCount(ctx); err != nil || n > 0 {
		return err
	}
	for t := range tenants {
		documents := make([]memory, memories)
		for i := range documents {
			documents[i] = newMemory(tenantName(t), i)
		}
		if _, err := s.memories.InsertMany(ctx, documents); err != nil {
			return err
		}
	}
	return nil
}

var words = []string{"invoice", "travel", "meeting", "contract", "idea", "review", "budget", "launch", "garden", "recipe"}

func newMemory(tenant string, i int) memory {
	word := func(k int) string { return words[(i+k)%len(words)] }
	embedding := make([]float64, 64)
	for k := range embedding {
		embedding[k] = float64((i*31+k*17)%1000) / 1000
	}
	return memory{
		ID: memoryID(tenant, i), TenantID: tenant,
		Text: fmt.Sprintf("Notes on the %s and the %s, then a %s", word(0), word(3), word(7)),
		Tags: []string{word(0), word(3)}, Embedding: embedding, Score: float64(i%100) / 100,
		CreatedAt: time.Date(2025, 1, 1, 0, 0, i, 0, time.UTC),
	}
}

// list returns a tenant's newest memories.
func (s *store) list(ctx context.Context, tenant string, limit int64) ([]memory, error) {
	found, err := s.memories.Find(ctx, bson.D{{Key: "tenantId", Value: tenant}},
		options.Find().SetSort(bson.D{{Key: "createdAt", Value: -1}}).SetLimit(limit).
			SetProjection(bson.D{{Key: "embedding", Value: 0}}))
	if err != nil {
		return nil, err
	}
	memories := []memory{}
	return memories, found.All(ctx, &memories)
}

// promote raises a memory, counts its tags, and returns the tenant's most used tags: a find-and-modify,
// a bulk of upserts, an insert and an aggregation.
func (s *store) promote(ctx context.Context, tenant, id string) (bson.M, error) {
	var promoted memory
	err := s.memories.FindOneAndUpdate(ctx, bson.D{{Key: "_id", Value: id}, {Key: "tenantId", Value: tenant}},
		bson.D{{Key: "$inc", Value: bson.D{{Key: "promoted", Value: 1}}}},
		options.FindOneAndUpdate().SetReturnDocument(options.After)).Decode(&promoted)
	if err != nil {
		return nil, err
	}
	var upserts []mongo.WriteModel
	for _, tag := range promoted.Tags {
		upserts = append(upserts, mongo.NewUpdateOneModel().SetUpsert(true).
			SetFilter(bson.D{{Key: "tenantId", Value: tenant}, {Key: "name", Value: tag}}).
			SetUpdate(bson.D{{Key: "$inc", Value: bson.D{{Key: "uses", Value: 1}}}}))
	}
	if _, err := s.tags.BulkWrite(ctx, upserts, options.BulkWrite().SetOrdered(false)); err != nil {
		return nil, err
	}
	if _, err := s.audit.InsertOne(ctx, bson.D{{Key: "tenantId", Value: tenant}, {Key: "memory", Value: id},
		{Key: "at", Value: time.Now()}}); err != nil {
		return nil, err
	}
	top, err := s.tags.Aggregate(ctx, mongo.Pipeline{
		{{Key: "$match", Value: bson.D{{Key: "tenantId", Value: tenant}}}},
		{{Key: "$sort", Value: bson.D{{Key: "uses", Value: -1}}}},
		{{Key: "$limit", Value: 5}},
	})
	if err != nil {
		return nil, err
	}
	var tags []bson.M
	if err := top.All(ctx, &tags); err != nil {
		return nil, err
	}
	return bson.M{"id": id, "tenantId": tenant, "promoted": promoted.Promoted, "tags": tags}, nil
}

// stall keeps mongod itself busy for a while, so that a slow command is slow on the wire of mongod too.
func (s *store) stall(ctx context.Context, tenant string, d time.Duration) error {
	where := fmt.Sprintf("sleep(%d) || true", d.Milliseconds())
	err := s.memories.FindOne(ctx, bson.D{{Key: "_id", Value: memoryID(tenant, 0)}, {Key: "tenantId", Value: tenant},
		{Key: "$where", Value: where}}).Err()
	if err == mongo.ErrNoDocuments {
		return nil
	}
	return err
}

// collide inserts what is already there: mongod answers with a duplicate key error.
func (s *store) collide(ctx context.Context, tenant string) error {
	_, err := s.memories.InsertOne(ctx, newMemory(tenant, 0))
	return err
}
