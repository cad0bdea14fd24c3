// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
)

// routes serves
//
//	POST /promote    {"id": …}, or an empty body for any memory; ?delay= sleeps in the service,
//	                 ?mongo_delay= in mongod, ?fail=CODE answers CODE, ?collide=1 makes mongod answer an error
//	GET  /memories   ?limit= newest memories of the tenant
//	GET  /healthz    without mongod
//
// all for the tenant of X-Tenant-ID, without which the answer is 400.
func routes(s *store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /promote", func(w http.ResponseWriter, r *http.Request) { answer(w, r, s.servePromote) })
	mux.HandleFunc("GET /memories", func(w http.ResponseWriter, r *http.Request) { answer(w, r, s.serveMemories) })
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	return mux
}

type handler func(r *http.Request, tenant string) (status int, body any)

func answer(w http.ResponseWriter, r *http.Request, handle handler) {
	status, body := http.StatusBadRequest, any(problem("no X-Tenant-ID"))
	if tenant := r.Header.Get("X-Tenant-ID"); tenant != "" {
		status, body = handle(r, tenant)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func problem(text string) map[string]string { return map[string]string{"error": text} }

func failure(err error) (int, any) {
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return http.StatusNotFound, problem("no such memory of this tenant")
	case mongo.IsDuplicateKeyError(err):
		return http.StatusConflict, problem("already there")
	default:
		return http.StatusInternalServerError, problem(err.Error())
	}
}

func (s *store) serveMemories(r *http.Request, tenant string) (int, any) {
	limit, err := strconv.ParseInt(r.FormValue("limit"), 10, 64)
	if err != nil || limit < 1 || limit > 1000 {
		limit = 20
	}
	memories, err := s.list(r.Context(), tenant, limit)
	if err != nil {
		return failure(err)
	}
	return http.StatusOK, map[string]any{"items": memories, "count": len(memories)}
}

func (s *store) servePromote(r *http.Request, tenant string) (int, any) {
	var asked struct{ ID string }
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil && err != io.EOF {
		return http.StatusBadRequest, problem(err.Error())
	}
	if asked.ID == "" {
		asked.ID = memoryID(tenant, rand.IntN(100))
	}
	query := r.URL.Query()
	if code, err := strconv.Atoi(query.Get("fail")); err == nil {
		return code, problem("asked to fail")
	}
	if d, err := time.ParseDuration(query.Get("delay")); err == nil {
		time.Sleep(d)
	}
	if d, err := time.ParseDuration(query.Get("mongo_delay")); err == nil {
		if err := s.stall(r.Context(), tenant, d); err != nil {
			return failure(err)
		}
	}
	if query.Has("collide") {
		return failure(s.collide(r.Context(), tenant))
	}
	promoted, err := s.promote(r.Context(), tenant, asked.ID)
	if err != nil {
		return failure(err)
	}
	return http.StatusOK, promoted
}
