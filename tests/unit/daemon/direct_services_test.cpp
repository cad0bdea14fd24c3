// SPDX-License-Identifier: Apache-2.0
#include "daemon/direct_services.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

traefik::Router& add_router(traefik::Configuration& to, const std::string& name, const std::string& service) {
  traefik::Router& router = to.routers[name];
  router.name = name;
  router.service = service;
  return router;
}

traefik::Configuration two_services() {
  traefik::Configuration configuration;
  for (const char* name : {"a@file", "b@file"}) {
    configuration.services[name].name = name;
    configuration.services[name].type = traefik::ServiceType::load_balancer;
    add_router(configuration, name, name);
  }
  return configuration;
}

TEST(DirectServices, WhoseRoutersHaveNothingElse) {
  traefik::Configuration configuration = two_services();
  EXPECT_EQ(direct_services(configuration), (Services{"a@file", "b@file"}));
  add_router(configuration, "more@file", "a@file").middlewares = {"auth@file"};
  EXPECT_EQ(direct_services(configuration), (Services{"b@file"}));
  configuration.routers["more@file"].disabled = true;
  EXPECT_EQ(direct_services(configuration), (Services{"a@file", "b@file"}));
}

TEST(DirectServices, MiddlewaresOfParents) {
  traefik::Configuration configuration = two_services();
  add_router(configuration, "root@file", "").middlewares = {"auth@file"};
  add_router(configuration, "parent@file", "").parents = {"root@file"};
  configuration.routers["b@file"].parents = {"parent@file"};
  EXPECT_EQ(direct_services(configuration), (Services{"a@file"}));
  configuration.routers["root@file"].middlewares.clear();
  EXPECT_EQ(direct_services(configuration), (Services{"a@file", "b@file"}));
  configuration.routers["root@file"].parents = {"parent@file"};  // a circle
  EXPECT_EQ(direct_services(configuration), (Services{"a@file"}));
}

TEST(DirectServices, OneOfSeveralIsNotAlone) {
  traefik::Configuration configuration = two_services();
  traefik::Service& both = configuration.services["both@file"];
  both.name = "both@file";
  both.type = traefik::ServiceType::weighted;
  both.children = {"a@file"};
  add_router(configuration, "both@file", "both@file");
  EXPECT_EQ(direct_services(configuration), (Services{"a@file", "b@file"}));
  configuration.services["both@file"].children = {"a@file", "b@file"};
  EXPECT_EQ(direct_services(configuration), Services{});
}

TEST(DirectServices, NoneWhileNotAllIsRead) {
  traefik::Configuration configuration = two_services();
  configuration.unread = {"the provider consul"};
  EXPECT_EQ(direct_services(configuration), Services{});
}

TEST(DirectServices, ThoseOfAServer) {
  EXPECT_EQ(those_of({"a@file", "c@file"}, {"a@file", "b@file"}), std::vector<std::string>{"a@file"});
}

}  // namespace
}  // namespace mme
