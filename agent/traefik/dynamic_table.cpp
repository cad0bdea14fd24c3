// SPDX-License-Identifier: Apache-2.0
// The fields of pkg/config/dynamic and pkg/tls of Traefik 3.6.1, with what their tags `file` and `label` say.
#include "traefik/dynamic_table.h"

#include <array>

namespace mme::traefik {
namespace {

constexpr auto kDomain = std::to_array<Field>({{"main", Value::text}, {"sans", Value::texts}});
constexpr auto kRouterTLSConfig = std::to_array<Field>(
    {{"options", Value::text}, {"certResolver", Value::text}, {"domains", Value::objects, kDomain}});
constexpr auto kRouterObservabilityConfig = std::to_array<Field>(
    {{"accessLogs", Value::flag}, {"metrics", Value::flag}, {"tracing", Value::flag}, {"traceVerbosity", Value::text}});
constexpr auto kRouter = std::to_array<Field>({{"entryPoints", Value::texts},
                                               {"middlewares", Value::texts},
                                               {"service", Value::text},
                                               {"rule", Value::text},
                                               {"parentRefs", Value::texts, {}, Use::ignored_in_labels},
                                               {"ruleSyntax", Value::text},
                                               {"priority", Value::integer},
                                               {"tls", Value::object, kRouterTLSConfig, Use::bare},
                                               {"observability", Value::object, kRouterObservabilityConfig},
                                               {"defaultRule", Value::flag, {}, Use::ignored}});
constexpr auto kCookie = std::to_array<Field>({{"name", Value::text},
                                               {"secure", Value::flag},
                                               {"httpOnly", Value::flag},
                                               {"sameSite", Value::text},
                                               {"maxAge", Value::integer},
                                               {"path", Value::text},
                                               {"domain", Value::text}});
constexpr auto kSticky = std::to_array<Field>({{"cookie", Value::object, kCookie, Use::bare}});
constexpr auto kServer = std::to_array<Field>({{"url", Value::text},
                                               {"weight", Value::integer},
                                               {"preservePath", Value::flag},
                                               {"fenced", Value::flag, {}, Use::ignored},
                                               {"scheme", Value::text, {}, Use::ignored_in_files},
                                               {"port", Value::text, {}, Use::ignored_in_files}});
constexpr auto kServerHealthCheck = std::to_array<Field>({{"scheme", Value::text},
                                                          {"mode", Value::text},
                                                          {"path", Value::text},
                                                          {"method", Value::text},
                                                          {"status", Value::integer},
                                                          {"port", Value::integer},
                                                          {"interval", Value::duration},
                                                          {"unhealthyInterval", Value::duration},
                                                          {"timeout", Value::duration},
                                                          {"hostname", Value::text},
                                                          {"followRedirects", Value::flag},
                                                          {"headers", Value::named_texts}});
constexpr auto kPassiveServerHealthCheck =
    std::to_array<Field>({{"failureWindow", Value::duration}, {"maxFailedAttempts", Value::integer}});
constexpr auto kResponseForwarding = std::to_array<Field>({{"flushInterval", Value::duration}});
constexpr auto kServersLoadBalancer =
    std::to_array<Field>({{"sticky", Value::object, kSticky, Use::bare},
                          {"servers", Value::servers, kServer},
                          {"strategy", Value::text},
                          {"healthCheck", Value::object, kServerHealthCheck},
                          {"passiveHealthCheck", Value::object, kPassiveServerHealthCheck},
                          {"passHostHeader", Value::flag},
                          {"responseForwarding", Value::object, kResponseForwarding},
                          {"serversTransport", Value::text}});
constexpr auto kHRWService = std::to_array<Field>({{"name", Value::text}, {"weight", Value::integer}});
constexpr std::array<Field, 0> kHealthCheck{};
constexpr auto kHighestRandomWeight = std::to_array<Field>(
    {{"services", Value::objects, kHRWService}, {"healthCheck", Value::object, kHealthCheck, Use::bare}});
constexpr auto kGRPCStatus = std::to_array<Field>({{"code", Value::integer}, {"msg", Value::text}});
constexpr auto kWRRService = std::to_array<Field>({{"name", Value::text},
                                                   {"weight", Value::integer},
                                                   {"headers", Value::named_texts, {}, Use::ignored},
                                                   {"status", Value::integer, {}, Use::ignored},
                                                   {"gRPCStatus", Value::object, kGRPCStatus, Use::ignored}});
constexpr auto kWeightedRoundRobin = std::to_array<Field>({{"services", Value::objects, kWRRService},
                                                           {"sticky", Value::object, kSticky},
                                                           {"healthCheck", Value::object, kHealthCheck, Use::bare}});
constexpr auto kMirrorService = std::to_array<Field>({{"name", Value::text}, {"percent", Value::integer}});
constexpr auto kMirroring = std::to_array<Field>({{"service", Value::text},
                                                  {"mirrorBody", Value::flag},
                                                  {"maxBodySize", Value::integer},
                                                  {"mirrors", Value::objects, kMirrorService},
                                                  {"healthCheck", Value::object, kHealthCheck, Use::bare}});
constexpr auto kFailover = std::to_array<Field>(
    {{"service", Value::text}, {"fallback", Value::text}, {"healthCheck", Value::object, kHealthCheck, Use::bare}});
constexpr auto kService =
    std::to_array<Field>({{"loadBalancer", Value::object, kServersLoadBalancer},
                          {"highestRandomWeight", Value::object, kHighestRandomWeight, Use::ignored_in_labels},
                          {"weighted", Value::object, kWeightedRoundRobin, Use::ignored_in_labels},
                          {"mirroring", Value::object, kMirroring, Use::ignored_in_labels},
                          {"failover", Value::object, kFailover, Use::ignored_in_labels}});
constexpr auto kAddPrefix = std::to_array<Field>({{"prefix", Value::text}});
constexpr auto kStripPrefix = std::to_array<Field>({{"prefixes", Value::texts}, {"forceSlash", Value::flag}});
constexpr auto kStripPrefixRegex = std::to_array<Field>({{"regex", Value::texts}});
constexpr auto kReplacePath = std::to_array<Field>({{"path", Value::text}});
constexpr auto kReplacePathRegex = std::to_array<Field>({{"regex", Value::text}, {"replacement", Value::text}});
constexpr auto kChain = std::to_array<Field>({{"middlewares", Value::texts}});
constexpr auto kIPStrategy =
    std::to_array<Field>({{"depth", Value::integer}, {"excludedIPs", Value::texts}, {"ipv6Subnet", Value::integer}});
constexpr auto kIPWhiteList =
    std::to_array<Field>({{"sourceRange", Value::texts}, {"ipStrategy", Value::object, kIPStrategy, Use::bare}});
constexpr auto kIPAllowList = std::to_array<Field>({{"sourceRange", Value::texts},
                                                    {"ipStrategy", Value::object, kIPStrategy, Use::bare},
                                                    {"rejectStatusCode", Value::integer}});
constexpr auto kHeaders = std::to_array<Field>({{"customRequestHeaders", Value::named_texts},
                                                {"customResponseHeaders", Value::named_texts},
                                                {"accessControlAllowCredentials", Value::flag},
                                                {"accessControlAllowHeaders", Value::texts},
                                                {"accessControlAllowMethods", Value::texts},
                                                {"accessControlAllowOriginList", Value::texts},
                                                {"accessControlAllowOriginListRegex", Value::texts},
                                                {"accessControlExposeHeaders", Value::texts},
                                                {"accessControlMaxAge", Value::integer},
                                                {"addVaryHeader", Value::flag},
                                                {"allowedHosts", Value::texts},
                                                {"hostsProxyHeaders", Value::texts},
                                                {"sslProxyHeaders", Value::named_texts},
                                                {"stsSeconds", Value::integer},
                                                {"stsIncludeSubdomains", Value::flag},
                                                {"stsPreload", Value::flag},
                                                {"forceSTSHeader", Value::flag},
                                                {"frameDeny", Value::flag},
                                                {"customFrameOptionsValue", Value::text},
                                                {"contentTypeNosniff", Value::flag},
                                                {"browserXssFilter", Value::flag},
                                                {"customBrowserXSSValue", Value::text},
                                                {"contentSecurityPolicy", Value::text},
                                                {"contentSecurityPolicyReportOnly", Value::text},
                                                {"publicKey", Value::text},
                                                {"referrerPolicy", Value::text},
                                                {"permissionsPolicy", Value::text},
                                                {"isDevelopment", Value::flag},
                                                {"featurePolicy", Value::text},
                                                {"sslRedirect", Value::flag},
                                                {"sslTemporaryRedirect", Value::flag},
                                                {"sslHost", Value::text},
                                                {"sslForceHost", Value::flag}});
constexpr auto kErrorPage = std::to_array<Field>({{"status", Value::texts},
                                                  {"statusRewrites", Value::named_integers},
                                                  {"service", Value::text},
                                                  {"query", Value::text}});
constexpr auto kSourceCriterion = std::to_array<Field>(
    {{"ipStrategy", Value::object, kIPStrategy}, {"requestHeaderName", Value::text}, {"requestHost", Value::flag}});
constexpr auto kRedisClientTLS = std::to_array<Field>(
    {{"ca", Value::text}, {"cert", Value::text}, {"key", Value::text}, {"insecureSkipVerify", Value::flag}});
constexpr auto kRedis = std::to_array<Field>({{"endpoints", Value::texts},
                                              {"tls", Value::object, kRedisClientTLS},
                                              {"username", Value::text},
                                              {"password", Value::text},
                                              {"db", Value::integer},
                                              {"poolSize", Value::integer},
                                              {"minIdleConns", Value::integer},
                                              {"maxActiveConns", Value::integer},
                                              {"readTimeout", Value::duration},
                                              {"writeTimeout", Value::duration},
                                              {"dialTimeout", Value::duration}});
constexpr auto kRateLimit = std::to_array<Field>({{"average", Value::integer},
                                                  {"period", Value::duration},
                                                  {"burst", Value::integer},
                                                  {"sourceCriterion", Value::object, kSourceCriterion},
                                                  {"redis", Value::object, kRedis}});
constexpr auto kRedirectRegex =
    std::to_array<Field>({{"regex", Value::text}, {"replacement", Value::text}, {"permanent", Value::flag}});
constexpr auto kRedirectScheme =
    std::to_array<Field>({{"scheme", Value::text}, {"port", Value::text}, {"permanent", Value::flag}});
constexpr auto kBasicAuth = std::to_array<Field>({{"users", Value::texts},
                                                  {"usersFile", Value::text},
                                                  {"realm", Value::text},
                                                  {"removeHeader", Value::flag},
                                                  {"headerField", Value::text}});
constexpr auto kDigestAuth = std::to_array<Field>({{"users", Value::texts},
                                                   {"usersFile", Value::text},
                                                   {"removeHeader", Value::flag},
                                                   {"realm", Value::text},
                                                   {"headerField", Value::text}});
constexpr auto kClientTLS = std::to_array<Field>({{"ca", Value::text},
                                                  {"cert", Value::text},
                                                  {"key", Value::text},
                                                  {"insecureSkipVerify", Value::flag},
                                                  {"caOptional", Value::flag}});
constexpr auto kForwardAuth = std::to_array<Field>({{"address", Value::text},
                                                    {"tls", Value::object, kClientTLS},
                                                    {"trustForwardHeader", Value::flag},
                                                    {"authResponseHeaders", Value::texts},
                                                    {"authResponseHeadersRegex", Value::text},
                                                    {"authRequestHeaders", Value::texts},
                                                    {"addAuthCookiesToResponse", Value::texts},
                                                    {"headerField", Value::text},
                                                    {"forwardBody", Value::flag},
                                                    {"maxBodySize", Value::integer},
                                                    {"preserveLocationHeader", Value::flag},
                                                    {"preserveRequestMethod", Value::flag}});
constexpr auto kInFlightReq =
    std::to_array<Field>({{"amount", Value::integer}, {"sourceCriterion", Value::object, kSourceCriterion}});
constexpr auto kBuffering = std::to_array<Field>({{"maxRequestBodyBytes", Value::integer},
                                                  {"memRequestBodyBytes", Value::integer},
                                                  {"maxResponseBodyBytes", Value::integer},
                                                  {"memResponseBodyBytes", Value::integer},
                                                  {"retryExpression", Value::text}});
constexpr auto kCircuitBreaker = std::to_array<Field>({{"expression", Value::text},
                                                       {"checkPeriod", Value::duration},
                                                       {"fallbackDuration", Value::duration},
                                                       {"recoveryDuration", Value::duration},
                                                       {"responseCode", Value::integer}});
constexpr auto kCompress = std::to_array<Field>({{"excludedContentTypes", Value::texts},
                                                 {"includedContentTypes", Value::texts},
                                                 {"minResponseBodyBytes", Value::integer},
                                                 {"encodings", Value::texts},
                                                 {"defaultEncoding", Value::text}});
constexpr auto kTLSClientCertificateSubjectDNInfo = std::to_array<Field>({{"country", Value::flag},
                                                                          {"province", Value::flag},
                                                                          {"locality", Value::flag},
                                                                          {"organization", Value::flag},
                                                                          {"organizationalUnit", Value::flag},
                                                                          {"commonName", Value::flag},
                                                                          {"serialNumber", Value::flag},
                                                                          {"domainComponent", Value::flag}});
constexpr auto kTLSClientCertificateIssuerDNInfo = std::to_array<Field>({{"country", Value::flag},
                                                                         {"province", Value::flag},
                                                                         {"locality", Value::flag},
                                                                         {"organization", Value::flag},
                                                                         {"commonName", Value::flag},
                                                                         {"serialNumber", Value::flag},
                                                                         {"domainComponent", Value::flag}});
constexpr auto kTLSClientCertificateInfo =
    std::to_array<Field>({{"notAfter", Value::flag},
                          {"notBefore", Value::flag},
                          {"sans", Value::flag},
                          {"serialNumber", Value::flag},
                          {"subject", Value::object, kTLSClientCertificateSubjectDNInfo},
                          {"issuer", Value::object, kTLSClientCertificateIssuerDNInfo}});
constexpr auto kPassTLSClientCert =
    std::to_array<Field>({{"pem", Value::flag}, {"info", Value::object, kTLSClientCertificateInfo}});
constexpr auto kRetry = std::to_array<Field>({{"attempts", Value::integer}, {"initialInterval", Value::duration}});
constexpr auto kContentType = std::to_array<Field>({{"autoDetect", Value::flag}});
constexpr auto kGrpcWeb = std::to_array<Field>({{"allowOrigins", Value::texts}});
constexpr auto kHeaderModifier =
    std::to_array<Field>({{"set", Value::named_texts}, {"add", Value::named_texts}, {"remove", Value::texts}});
constexpr auto kRequestRedirect = std::to_array<Field>({{"scheme", Value::text},
                                                        {"hostname", Value::text},
                                                        {"port", Value::text},
                                                        {"path", Value::text},
                                                        {"pathPrefix", Value::text},
                                                        {"statusCode", Value::integer}});
constexpr auto kURLRewrite =
    std::to_array<Field>({{"hostname", Value::text}, {"path", Value::text}, {"pathPrefix", Value::text}});
constexpr auto kMiddleware =
    std::to_array<Field>({{"addPrefix", Value::object, kAddPrefix},
                          {"stripPrefix", Value::object, kStripPrefix},
                          {"stripPrefixRegex", Value::object, kStripPrefixRegex},
                          {"replacePath", Value::object, kReplacePath},
                          {"replacePathRegex", Value::object, kReplacePathRegex},
                          {"chain", Value::object, kChain},
                          {"ipWhiteList", Value::object, kIPWhiteList},
                          {"ipAllowList", Value::object, kIPAllowList},
                          {"headers", Value::object, kHeaders},
                          {"errors", Value::object, kErrorPage},
                          {"rateLimit", Value::object, kRateLimit},
                          {"redirectRegex", Value::object, kRedirectRegex},
                          {"redirectScheme", Value::object, kRedirectScheme},
                          {"basicAuth", Value::object, kBasicAuth},
                          {"digestAuth", Value::object, kDigestAuth},
                          {"forwardAuth", Value::object, kForwardAuth},
                          {"inFlightReq", Value::object, kInFlightReq},
                          {"buffering", Value::object, kBuffering},
                          {"circuitBreaker", Value::object, kCircuitBreaker},
                          {"compress", Value::object, kCompress, Use::bare},
                          {"passTLSClientCert", Value::object, kPassTLSClientCert},
                          {"retry", Value::object, kRetry},
                          {"contentType", Value::object, kContentType, Use::bare},
                          {"grpcWeb", Value::object, kGrpcWeb},
                          {"plugin", Value::named_anything},
                          {"requestHeaderModifier", Value::object, kHeaderModifier, Use::ignored},
                          {"responseHeaderModifier", Value::object, kHeaderModifier, Use::ignored},
                          {"requestRedirect", Value::object, kRequestRedirect, Use::ignored},
                          {"URLRewrite", Value::object, kURLRewrite, Use::ignored}});
constexpr auto kModel = std::to_array<Field>({{"middlewares", Value::texts},
                                              {"tls", Value::object, kRouterTLSConfig, Use::bare},
                                              {"observability", Value::object, kRouterObservabilityConfig},
                                              {"defaultRuleSyntax", Value::text, {}, Use::ignored}});
constexpr auto kCertificate = std::to_array<Field>({{"certFile", Value::text}, {"keyFile", Value::text}});
constexpr auto kForwardingTimeouts = std::to_array<Field>({{"dialTimeout", Value::duration},
                                                           {"responseHeaderTimeout", Value::duration},
                                                           {"idleConnTimeout", Value::duration},
                                                           {"readIdleTimeout", Value::duration},
                                                           {"pingTimeout", Value::duration}});
constexpr auto kSpiffe = std::to_array<Field>({{"ids", Value::texts}, {"trustDomain", Value::text}});
constexpr auto kServersTransport = std::to_array<Field>({{"serverName", Value::text},
                                                         {"insecureSkipVerify", Value::flag},
                                                         {"rootCAs", Value::texts},
                                                         {"certificates", Value::objects, kCertificate},
                                                         {"maxIdleConnsPerHost", Value::integer},
                                                         {"forwardingTimeouts", Value::object, kForwardingTimeouts},
                                                         {"disableHTTP2", Value::flag},
                                                         {"peerCertURI", Value::text},
                                                         {"spiffe", Value::object, kSpiffe, Use::bare}});
constexpr auto kHTTPConfiguration =
    std::to_array<Field>({{"routers", Value::named_objects, kRouter},
                          {"services", Value::named_objects, kService},
                          {"middlewares", Value::named_objects, kMiddleware},
                          {"models", Value::named_objects, kModel},
                          {"serversTransports", Value::named_objects, kServersTransport, Use::ignored_in_labels}});
constexpr auto kRouterTCPTLSConfig = std::to_array<Field>({{"passthrough", Value::flag},
                                                           {"options", Value::text},
                                                           {"certResolver", Value::text},
                                                           {"domains", Value::objects, kDomain}});
constexpr auto kTCPRouter = std::to_array<Field>({{"entryPoints", Value::texts},
                                                  {"middlewares", Value::texts},
                                                  {"service", Value::text},
                                                  {"rule", Value::text},
                                                  {"ruleSyntax", Value::text},
                                                  {"priority", Value::integer},
                                                  {"tls", Value::object, kRouterTCPTLSConfig, Use::bare}});
constexpr auto kTCPServer = std::to_array<Field>(
    {{"address", Value::text, {}, Use::ignored_in_labels}, {"port", Value::text}, {"tls", Value::flag}});
constexpr auto kProxyProtocol = std::to_array<Field>({{"version", Value::integer}});
constexpr auto kTCPServerHealthCheck = std::to_array<Field>({{"port", Value::integer},
                                                             {"send", Value::text},
                                                             {"expect", Value::text},
                                                             {"interval", Value::duration},
                                                             {"unhealthyInterval", Value::duration},
                                                             {"timeout", Value::duration}});
constexpr auto kTCPServersLoadBalancer =
    std::to_array<Field>({{"servers", Value::servers, kTCPServer},
                          {"serversTransport", Value::text},
                          {"proxyProtocol", Value::object, kProxyProtocol, Use::bare},
                          {"terminationDelay", Value::integer},
                          {"healthCheck", Value::object, kTCPServerHealthCheck, Use::bare}});
constexpr auto kTCPWRRService = std::to_array<Field>({{"name", Value::text}, {"weight", Value::integer}});
constexpr auto kTCPWeightedRoundRobin = std::to_array<Field>(
    {{"services", Value::objects, kTCPWRRService}, {"healthCheck", Value::object, kHealthCheck, Use::bare}});
constexpr auto kTCPService =
    std::to_array<Field>({{"loadBalancer", Value::object, kTCPServersLoadBalancer},
                          {"weighted", Value::object, kTCPWeightedRoundRobin, Use::ignored_in_labels}});
constexpr auto kTCPInFlightConn = std::to_array<Field>({{"amount", Value::integer}});
constexpr auto kTCPIPWhiteList = std::to_array<Field>({{"sourceRange", Value::texts}});
constexpr auto kTCPIPAllowList = std::to_array<Field>({{"sourceRange", Value::texts}});
constexpr auto kTCPMiddleware = std::to_array<Field>({{"inFlightConn", Value::object, kTCPInFlightConn},
                                                      {"ipWhiteList", Value::object, kTCPIPWhiteList},
                                                      {"ipAllowList", Value::object, kTCPIPAllowList}});
constexpr auto kTCPModel = std::to_array<Field>({{"defaultRuleSyntax", Value::text, {}, Use::ignored}});
constexpr auto kTLSClientConfig = std::to_array<Field>({{"serverName", Value::text},
                                                        {"insecureSkipVerify", Value::flag},
                                                        {"rootCAs", Value::texts},
                                                        {"certificates", Value::objects, kCertificate},
                                                        {"peerCertURI", Value::text},
                                                        {"spiffe", Value::object, kSpiffe, Use::bare}});
constexpr auto kTCPServersTransport = std::to_array<Field>({{"dialKeepAlive", Value::duration},
                                                            {"dialTimeout", Value::duration},
                                                            {"proxyProtocol", Value::object, kProxyProtocol, Use::bare},
                                                            {"terminationDelay", Value::duration},
                                                            {"tls", Value::object, kTLSClientConfig, Use::bare}});
constexpr auto kTCPConfiguration =
    std::to_array<Field>({{"routers", Value::named_objects, kTCPRouter},
                          {"services", Value::named_objects, kTCPService},
                          {"middlewares", Value::named_objects, kTCPMiddleware},
                          {"models", Value::named_objects, kTCPModel, Use::ignored},
                          {"serversTransports", Value::named_objects, kTCPServersTransport, Use::ignored_in_labels}});
constexpr auto kUDPRouter = std::to_array<Field>({{"entryPoints", Value::texts}, {"service", Value::text}});
constexpr auto kUDPServer = std::to_array<Field>(
    {{"address", Value::text, {}, Use::ignored_in_labels}, {"port", Value::text, {}, Use::ignored_in_files}});
constexpr auto kUDPServersLoadBalancer = std::to_array<Field>({{"servers", Value::servers, kUDPServer}});
constexpr auto kUDPWRRService = std::to_array<Field>({{"name", Value::text}, {"weight", Value::integer}});
constexpr auto kUDPWeightedRoundRobin = std::to_array<Field>({{"services", Value::objects, kUDPWRRService}});
constexpr auto kUDPService =
    std::to_array<Field>({{"loadBalancer", Value::object, kUDPServersLoadBalancer},
                          {"weighted", Value::object, kUDPWeightedRoundRobin, Use::ignored_in_labels}});
constexpr auto kUDPConfiguration = std::to_array<Field>(
    {{"routers", Value::named_objects, kUDPRouter}, {"services", Value::named_objects, kUDPService}});
constexpr auto kCertAndStores =
    std::to_array<Field>({{"certFile", Value::text}, {"keyFile", Value::text}, {"stores", Value::texts}});
constexpr auto kClientAuth = std::to_array<Field>({{"caFiles", Value::texts}, {"clientAuthType", Value::text}});
constexpr auto kOptions = std::to_array<Field>({{"minVersion", Value::text},
                                                {"maxVersion", Value::text},
                                                {"cipherSuites", Value::texts},
                                                {"curvePreferences", Value::texts},
                                                {"clientAuth", Value::object, kClientAuth},
                                                {"sniStrict", Value::flag},
                                                {"alpnProtocols", Value::texts},
                                                {"disableSessionTickets", Value::flag},
                                                {"preferServerCipherSuites", Value::flag}});
constexpr auto kGeneratedCert = std::to_array<Field>({{"resolver", Value::text}, {"domain", Value::object, kDomain}});
constexpr auto kStore =
    std::to_array<Field>({{"defaultCertificate", Value::object, kCertificate, Use::ignored_in_labels},
                          {"defaultGeneratedCert", Value::object, kGeneratedCert}});
constexpr auto kTLSConfiguration =
    std::to_array<Field>({{"certificates", Value::objects, kCertAndStores, Use::ignored_in_labels},
                          {"options", Value::named_objects, kOptions, Use::ignored_in_labels},
                          {"stores", Value::named_objects, kStore}});
constexpr auto kConfiguration = std::to_array<Field>({{"http", Value::object, kHTTPConfiguration},
                                                      {"tcp", Value::object, kTCPConfiguration},
                                                      {"udp", Value::object, kUDPConfiguration},
                                                      {"tls", Value::object, kTLSConfiguration}});

}  // namespace

std::span<const Field> dynamic_fields() {
  return kConfiguration;
}

}  // namespace mme::traefik
