// SPDX-License-Identifier: Apache-2.0

// Command upstream is an HTTP/1.1 server whose every answer is told by the request, for tests that need one
// special shape of exchange. See README.md for what a request can ask for; /-/count is what it has served.
package main

import (
	"flag"
	"log"
	"net"
	"net/http"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8000", "`address` to serve on")
	flag.Parse()

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	count := newCounter()
	mux := http.NewServeMux()
	mux.HandleFunc("/-/count", count.report)
	mux.HandleFunc("/", count.counted(serve))
	log.Printf("serving on %s", listener.Addr())
	log.Fatal(http.Serve(listener, mux))
}
