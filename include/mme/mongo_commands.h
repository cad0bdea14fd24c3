/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The closed set of MongoDB command names (https://www.mongodb.com/docs/manual/reference/command/); what is not
 * here is `other`. A command's id is its place in this list: append only. */
#ifndef MME_MONGO_COMMANDS_H
#define MME_MONGO_COMMANDS_H

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
	X(balancerStatus) X(waitForFailPoint) X(configureFailPoint) X(sleep) 
/* clang-format on */

#define MME_MONGO_COMMAND_ID(name) MME_COMMAND_##name,
enum mme_mongo_command { MME_MONGO_COMMANDS(MME_MONGO_COMMAND_ID) MME_MONGO_COMMAND_COUNT };
#undef MME_MONGO_COMMAND_ID

#endif
