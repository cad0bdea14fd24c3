// SPDX-License-Identifier: Apache-2.0
#include "mongo/uri.h"

#include <mongoc/mongoc.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "mongo/driver.h"

namespace mme::mongo {
namespace {

// libmongoc only logs of an option that it does not know. Names as it compares them.
// https://www.mongodb.com/docs/manual/reference/connection-string-options/
constexpr std::string_view kOptions[] = {"appname",
                                         "authmechanism",
                                         "authmechanismproperties",
                                         "authsource",
                                         "canonicalizehostname",
                                         "compressors",
                                         "connecttimeoutms",
                                         "directconnection",
                                         "gssapiservicename",
                                         "heartbeatfrequencyms",
                                         "readpreference",
                                         "replicaset",
                                         "serverselectiontimeoutms",
                                         "sockettimeoutms",
                                         "ssl",
                                         "tls",
                                         "tlsallowinvalidcertificates",
                                         "tlsallowinvalidhostnames",
                                         "tlscafile",
                                         "tlscertificatekeyfile",
                                         "tlscertificatekeyfilepassword",
                                         "tlsdisablecertificaterevocationcheck",
                                         "tlsdisableocspendpointcheck",
                                         "tlsinsecure",
                                         "zlibcompressionlevel"};

struct UriDeleter {
  void operator()(mongoc_uri_t* uri) const { mongoc_uri_destroy(uri); }
};
using OwnedUri = std::unique_ptr<mongoc_uri_t, UriDeleter>;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

// The names of the options, in lower case. A name that is none may be part of a password that was not escaped.
std::vector<std::string> option_names(std::string_view text) {
  std::vector<std::string> names;
  const size_t question = text.find('?');
  if (question == std::string_view::npos) return names;
  std::string_view rest = text.substr(question + 1);
  while (!rest.empty()) {
    const std::string_view option = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), option.size() + 1));
    names.push_back(lower(option.substr(0, option.find('='))));
  }
  return names;
}

Result<> check(const mongoc_uri_t* uri, const std::string& text) {
  const mongoc_host_list_t* host = mongoc_uri_get_hosts(uri);
  if (host == nullptr || host->next != nullptr)
    return fail("the URI names several hosts; name only that of this mongod");
  const std::vector<std::string> names = option_names(text);
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::find(std::begin(kOptions), std::end(kOptions), names[i]) != std::end(kOptions)) continue;
    return fail("option " + std::to_string(i + 1) + " of the URI is unknown");
  }
  return {};
}

bool prepare(mongoc_uri_t* uri) {
  const auto within = static_cast<int32_t>(kAnswerWithin.count());
  bool done = mongoc_uri_set_appname(uri, "mme-agent");
  done &= mongoc_uri_set_option_as_bool(uri, MONGOC_URI_DIRECTCONNECTION, true);
  for (const char* timeout :
       {MONGOC_URI_CONNECTTIMEOUTMS, MONGOC_URI_SOCKETTIMEOUTMS, MONGOC_URI_SERVERSELECTIONTIMEOUTMS}) {
    done &= mongoc_uri_set_option_as_int32(uri, timeout, within);
  }
  // Before it uses a connection that was idle it would ping: another request a scrape. A lost one is made anew anyway.
  done &= mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETCHECKINTERVALMS, INT32_MAX);
  return done;
}

void replace_all(std::string& text, const char* secret) {
  if (secret == nullptr || *secret == '\0') return;
  const std::string_view what = secret;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), "…");
    at += std::string_view("…").size();
  }
}

}  // namespace

Result<Uri> Uri::parse(const std::string& text) {
  begin_driver();
  constexpr std::string_view scheme = "mongodb://";
  if (text.starts_with("mongodb+srv://"))
    return fail("mongodb+srv:// stands for a cluster; name this mongod by mongodb://HOST:PORT");
  if (!text.starts_with(scheme)) return fail("the URI does not begin with mongodb://");
  const size_t question = text.find('?');
  if (question != std::string::npos && text.find('@', question) != std::string::npos) {
    return fail("the URI has an @ behind a ?: in user and password both are written %40 and %3F");
  }
  bson_error_t error{};
  OwnedUri uri(mongoc_uri_new_with_error(text.c_str(), &error));  // the error would quote the text
  if (uri == nullptr) {
    return fail(
        "it is no mongodb://USER:PASSWORD@HOST:PORT/?OPTION=VALUE, or an option has a value that it cannot have");
  }
  if (const auto sound = check(uri.get(), text); !sound) return tl::make_unexpected(sound.error());
  Uri result;
  result.text_ = text;
  result.address_ = mongoc_uri_get_hosts(uri.get())->host_and_port;
  if (!prepare(uri.get())) return fail("the URI has options that contradict a direct connection to one server");
  result.parsed_ = std::shared_ptr<const mongoc_uri_t>(
      uri.release(), [](const mongoc_uri_t* parsed) { mongoc_uri_destroy(const_cast<mongoc_uri_t*>(parsed)); });
  return result;
}

std::string Uri::without_credentials(std::string message) const {
  replace_all(message, mongoc_uri_get_password(parsed_.get()));
  replace_all(message, mongoc_uri_get_username(parsed_.get()));
  replace_all(message, mongoc_uri_get_option_as_utf8(parsed_.get(), MONGOC_URI_TLSCERTIFICATEKEYFILEPASSWORD, nullptr));
  return message;
}

}  // namespace mme::mongo
