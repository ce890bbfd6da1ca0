/**
 * Functions that wa-js wraps when it starts and nothing here ever calls.
 *
 * Without them wa-js starts as well, but reports each as missing.
 */

import { collectionOf, Model } from './model.js';
import { define } from './registry.js';

const FUNCTIONS = {
  WAWebChatSearchFilter: ['isFilterExcludedFromSearchTreatmentInInboxFlow'],
  WAWebBackendJobsCommon: ['encodeMaybeMediaType'],
  WAWebSendMsgCreateFanoutStanza: ['createFanoutMsgStanza'],
  WAWebGenerateVideoThumbsAndDuration: ['generateVideoThumbsAndDuration'],
  WAWebProcessRawSticker: ['processRawSticker'],
  WAWebUploadManager: ['uploadMedia'],
  WAWebGetNumChatsPinned: ['getNumChatsPinned'],
  WAWebLabelCollectionUtils: ['addToLabelCollection', 'removeLabelFromCollection'],
  WAWebHandleSingleMsg: ['handleSingleMsg'],
  WAWebPrimaryFeatures: ['primaryFeatureEnabled'],
  WAWebE2EProtoUtils: ['mediaTypeFromProtobuf', 'typeAttributeFromProtobuf'],
  WAWebMsgGetters: ['getIsUnreadType'],
  WAWebCreateChatRecord: ['createChatRecord'],
  WAWebE2EProtoGenerator: ['createMsgProtobuf'],
  WAWebEncryptMsg: ['encryptAndSendMsg'],
  WAWebABProps: ['getABPropConfigValue'],
};
for (const [id, names] of Object.entries(FUNCTIONS)) {
  define(id, Object.fromEntries(names.map((name) => [name, () => undefined])));
}

class StatusCollectionImpl extends collectionOf(Model) {}
class OrderCollectionImpl extends collectionOf(Model) {}
define('WAWebStatusCollection', { StatusCollectionImpl, StatusCollection: new StatusCollectionImpl() });
define('WAWebOrderCollection', { OrderCollection: new OrderCollectionImpl() });
define('WAWebChatSearchQuery', {
  SearchQuery: class {
    updateLabelQuery() {}
  },
});
