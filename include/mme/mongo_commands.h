/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The closed set of MongoDB command names (https://www.mongodb.com/docs/manual/reference/command/); what is not
 * here is `other`. A command's id is its place in this list: append only. */
#ifndef MME_MONGO_COMMANDS_H
#define MME_MONGO_COMMANDS_H

#include "platform.h"

/* clang-format off */
#define MME_MONGO_COMMANDS(X) \
	X(other) X(compressed) \
	X(find) X(insert) X(update) X(delete) X(aggregate) X(count) X(distinct) X(findAndModify) X(getMore) \
	X(killCursors) X(bulkWrite) X(mapReduce) X(hello) X(isMaster) X(ping) X(buildInfo) X(serverStatus) \
	X(saslStart) X(saslContinue) X(authenticate) X(logout) X(getnonce) X(endSessions) X(startSession) \
	X(refreshSessions) X(killSessions) X(killAllSessions) X(killAllSessionsByPattern) X(create) X(drop) \
	X(dropDatabase) X(listCollections) X(listDatabases) X(listIndexes) X(createIndexes) X(dropIndexes) \
	X(reIndex) X(renameCollection) X(collMod) X(collStats) X(dbStats) X(dataSize) X(validate) X(compact) \
	X(convertToCapped) X(cloneCollectionAsCapped) X(commitTransaction) X(abortTransaction) X(prepareTransaction) \
	X(coordinateCommitTransaction) X(explain) X(currentOp) X(killOp) X(getParameter) X(setParameter) X(getLog) \
	X(getCmdLineOpts) X(hostInfo) X(connectionStatus) X(connPoolStats) X(features) X(listCommands) X(profile) \
	X(top) X(lockInfo) X(fsync) X(fsyncUnlock) X(logRotate) X(shutdown) X(whatsmyuri) X(availableQueryOptions) \
	X(createUser) X(updateUser) X(dropUser) X(dropAllUsersFromDatabase) X(grantRolesToUser) \
	X(revokeRolesFromUser) X(usersInfo) X(createRole) X(updateRole) X(dropRole) X(dropAllRolesFromDatabase) \
	X(grantPrivilegesToRole) X(revokePrivilegesFromRole) X(grantRolesToRole) X(revokeRolesFromRole) X(rolesInfo) \
	X(invalidateUserCache) X(replSetGetStatus) X(replSetGetConfig) X(replSetHeartbeat) X(replSetInitiate) \
	X(replSetReconfig) X(replSetStepDown) X(replSetStepUp) X(replSetFreeze) X(replSetMaintenance) \
	X(replSetSyncFrom) X(replSetUpdatePosition) X(replSetRequestVotes) X(replSetAbortPrimaryCatchUp) \
	X(appendOplogNote) X(planCacheClear) X(planCacheClearFilters) X(planCacheListFilters) X(planCacheSetFilter) \
	X(setIndexCommitQuorum) X(setFeatureCompatibilityVersion) X(getDefaultRWConcern) X(setDefaultRWConcern) \
	X(dbHash) X(driverOIDTest) X(filemd5) X(resetError) X(getLastError) X(getShardMap) X(getShardVersion) \
	X(shardingState) X(setAuditConfig) X(getFreeMonitoringStatus) X(setFreeMonitoring) X(rotateCertificates) \
	X(analyze) X(createSearchIndexes) X(dropSearchIndex) X(listSearchIndexes) X(updateSearchIndex) \
	X(clusterAbortTransaction) X(clusterCommitTransaction) X(enableSharding) X(shardCollection) X(listShards) \
	X(balancerStatus) X(waitForFailPoint) X(configureFailPoint) X(sleep) X(replSetGetRBID) \
	X(voteCommitIndexBuild) X(voteAbortIndexBuild) X(applyOps)
/* clang-format on */

#define MME_MONGO_COMMAND_ID(name) MME_COMMAND_##name,
enum mme_mongo_command { MME_MONGO_COMMANDS(MME_MONGO_COMMAND_ID) MME_MONGO_COMMAND_COUNT };
#undef MME_MONGO_COMMAND_ID

/* Commands by the low half of the FNV-1a hash of their lower-case name, ascending, for a search of eight halvings.
 * Made from the list above; tests/unit/protocol holds the two together. */
struct mme_mongo_command_entry {
	__u32 hash;
	__u32 id;
};

/* clang-format off */
static const struct mme_mongo_command_entry mme_mongo_command_table[256] = {
	{0x00798711u, 80}, {0x0093342cu, 126}, {0x02cce6d3u, 124}, {0x0334cd42u, 101}, {0x0818e9b4u, 48},
	{0x0ae11c5eu, 23}, {0x0cdadc08u, 77}, {0x0e8173b3u, 96}, {0x13f469ddu, 117}, {0x145a3443u, 98},
	{0x18f25817u, 78}, {0x19c22927u, 49}, {0x1a6cf3bcu, 18}, {0x1ad26957u, 116}, {0x1d9e91f9u, 26},
	{0x1fc8f106u, 95}, {0x2207d965u, 40}, {0x269f18d7u, 74}, {0x27fb5b04u, 92}, {0x2a3d0454u, 4},
	{0x2a65f878u, 139}, {0x2c0d4783u, 112}, {0x2c796dc3u, 132}, {0x2edd4eafu, 125}, {0x2f796a5fu, 129},
	{0x31f9b2ffu, 136}, {0x32ecc713u, 36}, {0x3300a0b6u, 54}, {0x33133c8du, 8}, {0x332c6dacu, 37},
	{0x35671301u, 32}, {0x37ddf1b4u, 105}, {0x385584d2u, 107}, {0x3a635438u, 76}, {0x3d885772u, 68},
	{0x3db08bc3u, 122}, {0x3e237a47u, 24}, {0x4015abf7u, 17}, {0x41c606fbu, 59}, {0x43170a46u, 115},
	{0x434c8b3eu, 29}, {0x4465a83cu, 65}, {0x4479a274u, 7}, {0x45ac776au, 41}, {0x4675e30du, 53},
	{0x47b5fc84u, 46}, {0x47bbd7aau, 73}, {0x482c25f3u, 127}, {0x494eccc2u, 100}, {0x4a124e96u, 19},
	{0x4ad8e00au, 102}, {0x4b387c2cu, 21}, {0x505f27c4u, 120}, {0x509e87c8u, 6}, {0x51435f2au, 56},
	{0x52ea63ecu, 38}, {0x52f6562bu, 39}, {0x59916228u, 3}, {0x5a6131bau, 90}, {0x5bce728fu, 20},
	{0x5c9db3fcu, 87}, {0x5fd3ed87u, 89}, {0x615500ceu, 119}, {0x618ba10eu, 64}, {0x62e1558bu, 22},
	{0x63564d83u, 47}, {0x67674bbcu, 81}, {0x6858c6bbu, 106}, {0x693b35b5u, 58}, {0x699c5749u, 25},
	{0x70378637u, 97}, {0x70acf222u, 10}, {0x75de8d1fu, 35}, {0x7a712d9fu, 109}, {0x80aabd0bu, 14},
	{0x82e180e9u, 108}, {0x85dbdf00u, 11}, {0x8619f247u, 63}, {0x86526886u, 45}, {0x8799846bu, 118},
	{0x8854391cu, 43}, {0x8a381f27u, 79}, {0x8aa1aadeu, 42}, {0x8b3d8d8cu, 84}, {0x8b97f7deu, 88},
	{0x8c740aadu, 83}, {0x8de19c9eu, 51}, {0x8df9f6efu, 86}, {0x9196a99cu, 52}, {0x9222343cu, 61},
	{0x93a9b883u, 15}, {0x950546c2u, 123}, {0x95bb2335u, 140}, {0x9bb60594u, 50}, {0xa6e116a3u, 13},
	{0xa7510f6du, 114}, {0xa9c9fa2bu, 44}, {0xaf78ae23u, 135}, {0xb0674256u, 55}, {0xb2a9dad0u, 103},
	{0xb46b702cu, 130}, {0xb8060f3du, 104}, {0xb8092c87u, 93}, {0xba742cf7u, 57}, {0xbd7b5795u, 110},
	{0xbe98cb8du, 134}, {0xc0627499u, 111}, {0xc48b375eu, 131}, {0xc4939238u, 71}, {0xc4f74b56u, 91},
	{0xc53307a9u, 16}, {0xc740a37bu, 60}, {0xcb992136u, 69}, {0xcc2da821u, 121}, {0xcfb089b1u, 9},
	{0xd872463du, 34}, {0xd94b28e3u, 99}, {0xda741764u, 12}, {0xda751e79u, 138}, {0xdb85d50au, 5},
	{0xdcd55bacu, 31}, {0xdcee283au, 66}, {0xdea773fdu, 30}, {0xe086bfb4u, 82}, {0xe1200f0du, 113},
	{0xe3296048u, 137}, {0xe6b8e742u, 72}, {0xe8a24ec3u, 85}, {0xedb3a96fu, 75}, {0xee3c626au, 62},
	{0xf030a91au, 2}, {0xf03cfa1fu, 94}, {0xf0b0b04cu, 133}, {0xf1b923d5u, 141}, {0xf27a9e36u, 67},
	{0xf3fca864u, 128}, {0xf4265e72u, 33}, {0xf504962du, 28}, {0xfbaae9f8u, 27}, {0xfc6c020bu, 70},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0}, {0xffffffffu, 0},
	{0xffffffffu, 0},
};
/* clang-format on */

/* `wanted`: low half of FNV-1a of the lower-case name (mongod ignores case only in old aliases such as `ismaster`). */
MME_INLINE __u16 mme_mongo_command_id(__u32 wanted)
{
	__u32 low = 0;

	for (__u32 half = 128; half; half /= 2)
		if (mme_mongo_command_table[(low + half) & 255].hash <= wanted)
			low += half;
	low &= 255;
	return mme_mongo_command_table[low].hash == wanted ? (__u16)mme_mongo_command_table[low].id
							   : (__u16)MME_COMMAND_other;
}

/* Whether the command's first value, when it is a string, names a collection. Of others it may be a user, a role or
 * a log's name, which must not become a label. */
MME_INLINE int mme_mongo_command_has_collection(__u16 command)
{
	switch (command) {
	case MME_COMMAND_find:
	case MME_COMMAND_insert:
	case MME_COMMAND_update:
	case MME_COMMAND_delete:
	case MME_COMMAND_aggregate:
	case MME_COMMAND_count:
	case MME_COMMAND_distinct:
	case MME_COMMAND_findAndModify:
	case MME_COMMAND_killCursors:
	case MME_COMMAND_mapReduce:
	case MME_COMMAND_create:
	case MME_COMMAND_drop:
	case MME_COMMAND_listIndexes:
	case MME_COMMAND_createIndexes:
	case MME_COMMAND_dropIndexes:
	case MME_COMMAND_reIndex:
	case MME_COMMAND_collMod:
	case MME_COMMAND_collStats:
	case MME_COMMAND_validate:
	case MME_COMMAND_compact:
	case MME_COMMAND_convertToCapped:
	case MME_COMMAND_cloneCollectionAsCapped:
	case MME_COMMAND_planCacheClear:
	case MME_COMMAND_planCacheClearFilters:
	case MME_COMMAND_planCacheListFilters:
	case MME_COMMAND_planCacheSetFilter:
	case MME_COMMAND_analyze:
	case MME_COMMAND_createSearchIndexes:
	case MME_COMMAND_dropSearchIndex:
	case MME_COMMAND_updateSearchIndex:
		return 1;
	default:
		return 0;
	}
}

#endif
