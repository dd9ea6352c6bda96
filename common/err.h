/* SPDX-License-Identifier: Apache-2.0 */
/* err.h: every way in which something can fail, in one table.
 *
 * A function that can fail returns `enum err`; OK is 0; out parameters are written only on OK.
 * A row is (constant, S3 error code, HTTP status, message). The S3 codes, statuses and messages are
 * those of "Error Responses" in the Amazon S3 API Reference. Rows whose S3 code says little
 * (InternalError, ServiceUnavailable) are our own reasons; the constant's name tells them apart in the log. */
#ifndef HUGS3_COMMON_ERR_H
#define HUGS3_COMMON_ERR_H

#define MUST_USE               __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

#define ERR_TABLE(X)                                                                                                   \
    /* who is asking */                                                                                                \
    X(ERR_ACCESS_DENIED, "AccessDenied", 403, "Access Denied")                                                         \
    X(ERR_UNKNOWN_ACCESS_KEY, "InvalidAccessKeyId", 403,                                                               \
      "The AWS Access Key Id you provided does not exist in our records.")                                             \
    X(ERR_SIGNATURE, "SignatureDoesNotMatch", 403,                                                                     \
      "The request signature we calculated does not match the signature you provided. Check your key and signing "     \
      "method.")                                                                                                       \
    X(ERR_SKEWED, "RequestTimeTooSkewed", 403,                                                                         \
      "The difference between the request time and the current time is too large.")                                    \
    X(ERR_EXPIRED, "AccessDenied", 403, "Request has expired")                                                         \
    X(ERR_AUTH_HEADER, "AuthorizationHeaderMalformed", 400,                                                            \
      "The authorization header that you provided is not valid.")                                                      \
    X(ERR_AUTH_QUERY, "AuthorizationQueryParametersError", 400,                                                        \
      "Error parsing the X-Amz-Credential parameter or another authorization parameter of the query.")                 \
    X(ERR_AUTH_VERSION, "InvalidRequest", 400,                                                                         \
      "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")                  \
    X(ERR_MISSING_SECURITY_HEADER, "MissingSecurityHeader", 400, "Your request is missing a required header.")         \
    /* the request */                                                                                                  \
    X(ERR_BAD_REQUEST, "InvalidRequest", 400, "Invalid Request")                                                       \
    X(ERR_INVALID_ARGUMENT, "InvalidArgument", 400, "Invalid Argument")                                                \
    X(ERR_INVALID_URI, "InvalidURI", 400, "Couldn't parse the specified URI.")                                         \
    X(ERR_METHOD, "MethodNotAllowed", 405, "The specified method is not allowed against this resource.")               \
    X(ERR_NOT_IMPLEMENTED, "NotImplemented", 501,                                                                      \
      "A header or query you provided implies functionality that is not implemented.")                                 \
    X(ERR_MALFORMED_XML, "MalformedXML", 400,                                                                          \
      "The XML you provided was not well-formed or did not validate against our published schema")                     \
    X(ERR_MISSING_LENGTH, "MissingContentLength", 411, "You must provide the Content-Length HTTP header.")             \
    X(ERR_INCOMPLETE_BODY, "IncompleteBody", 400,                                                                      \
      "You did not provide the number of bytes specified by the Content-Length HTTP header")                           \
    X(ERR_TOO_LARGE, "EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size")                   \
    X(ERR_TOO_SMALL, "EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size")           \
    X(ERR_MESSAGE_TOO_LONG, "MaxMessageLengthExceeded", 400, "Your request was too big.")                              \
    X(ERR_BAD_DIGEST, "BadDigest", 400,                                                                                \
      "The Content-MD5 or checksum value that you specified did not match what the "                                   \
      "server received.")                                                                                              \
    X(ERR_INVALID_DIGEST, "InvalidDigest", 400, "The Content-MD5 or checksum value that you specified is not valid.")  \
    X(ERR_SHA256_MISMATCH, "XAmzContentSHA256Mismatch", 400,                                                           \
      "The provided 'x-amz-content-sha256' header does not match what was computed.")                                  \
    X(ERR_MALFORMED_TRAILER, "MalformedTrailerError", 400,                                                             \
      "The request contained trailing data that was not well-formed or did not conform to our published schema.")      \
    X(ERR_METADATA_TOO_LARGE, "MetadataTooLarge", 400,                                                                 \
      "Your metadata headers exceed the maximum allowed metadata size")                                                \
    X(ERR_KEY_TOO_LONG, "KeyTooLongError", 400, "Your key is too long")                                                \
    X(ERR_INVALID_RANGE, "InvalidRange", 416, "The requested range is not satisfiable")                                \
    X(ERR_PRECONDITION, "PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold")    \
    X(ERR_NOT_MODIFIED, "NotModified", 304, "Not Modified")                                                            \
    X(ERR_CONFLICT, "ConditionalRequestConflict", 409,                                                                 \
      "The conditional request cannot succeed due to a conflicting operation against this resource.")                  \
    X(ERR_TIMEOUT, "RequestTimeout", 400,                                                                              \
      "Your socket connection to the server was not read from or written to within the timeout period.")               \
    /* buckets and objects */                                                                                          \
    X(ERR_NO_SUCH_BUCKET, "NoSuchBucket", 404, "The specified bucket does not exist")                                  \
    X(ERR_NO_SUCH_KEY, "NoSuchKey", 404, "The specified key does not exist.")                                          \
    X(ERR_NO_SUCH_UPLOAD, "NoSuchUpload", 404,                                                                         \
      "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been "      \
      "aborted or completed.")                                                                                         \
    X(ERR_NO_SUCH_VERSION, "NoSuchVersion", 404, "The specified version does not exist.")                              \
    X(ERR_INVALID_PART, "InvalidPart", 400,                                                                            \
      "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified "  \
      "entity tag may not match the part's entity tag.")                                                               \
    X(ERR_INVALID_PART_ORDER, "InvalidPartOrder", 400,                                                                 \
      "The list of parts was not in ascending order. Parts must be ordered by part number.")                           \
    X(ERR_INVALID_BUCKET_NAME, "InvalidBucketName", 400, "The specified bucket is not valid.")                         \
    X(ERR_BUCKET_EXISTS, "BucketAlreadyExists", 409,                                                                   \
      "The requested bucket name is not available. Please select a different name and try again.")                     \
    X(ERR_BUCKET_OWNED, "BucketAlreadyOwnedByYou", 409,                                                                \
      "Your previous request to create the named bucket succeeded and you already own it.")                            \
    X(ERR_BUCKET_NOT_EMPTY, "BucketNotEmpty", 409, "The bucket you tried to delete is not empty")                      \
    X(ERR_LOCATION, "InvalidLocationConstraint", 400, "The specified location-constraint is not valid")                \
    X(ERR_INVALID_STORAGE_CLASS, "InvalidStorageClass", 400, "The storage class you specified is not valid")           \
    X(ERR_COPY_SOURCE, "InvalidArgument", 400, "Copy Source must mention the source bucket and key: sourcebucket/key") \
    X(ERR_COPY_ONTO_ITSELF, "InvalidRequest", 400,                                                                     \
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's "   \
      "metadata, storage class, website redirect location or encryption attributes.")                                  \
    X(ERR_NO_POLICY, "NoSuchBucketPolicy", 404, "The bucket policy does not exist")                                    \
    X(ERR_NO_CORS, "NoSuchCORSConfiguration", 404, "The CORS configuration does not exist")                            \
    X(ERR_NO_TAG_SET, "NoSuchTagSet", 404, "The TagSet does not exist")                                                \
    X(ERR_NO_LIFECYCLE, "NoSuchLifecycleConfiguration", 404, "The lifecycle configuration does not exist")             \
    X(ERR_NO_WEBSITE, "NoSuchWebsiteConfiguration", 404, "The specified bucket does not have a website configuration") \
    X(ERR_NO_REPLICATION, "ReplicationConfigurationNotFoundError", 404, "The replication configuration was not found") \
    X(ERR_NO_LOCK_CONFIGURATION, "ObjectLockConfigurationNotFoundError", 404,                                          \
      "Object Lock configuration does not exist for this bucket")                                                      \
    X(ERR_NO_PUBLIC_ACCESS_BLOCK, "NoSuchPublicAccessBlockConfiguration", 404,                                         \
      "The public access block configuration was not found")                                                           \
    X(ERR_NO_OBJECT_LOCK, "InvalidRequest", 400, "Bucket is missing Object Lock Configuration")                        \
    X(ERR_INVALID_TAG, "InvalidTag", 400, "The tag provided was not a valid tag.")                                     \
    X(ERR_TOO_MANY_TAGS, "BadRequest", 400, "Object tags cannot be greater than 10")                                   \
    X(ERR_INVALID_PART_NUMBER, "InvalidPartNumber", 416, "The requested partnumber is not satisfiable")                \
    /* the Hub, the CAS, this machine */                                                                               \
    X(ERR_SLOW_DOWN, "SlowDown", 503, "Please reduce your request rate.")                                              \
    X(ERR_UPSTREAM, "ServiceUnavailable", 503, "The Hub or its storage cannot be reached just now. Try again.")        \
    X(ERR_UPSTREAM_REFUSED, "AccessDenied", 403, "The Hub refused this with the token in use.")                        \
    X(ERR_UPSTREAM_TOKEN, "AccessDenied", 403, "The Hub does not know the token in use.")                              \
    X(ERR_UPSTREAM_ANSWER, "InternalError", 500, "The Hub or its storage gave an answer that makes no sense.")         \
    X(ERR_UPSTREAM_MISSING, "InternalError", 500, "The Hub or its storage does not have what was asked for.")          \
    X(ERR_UPSTREAM_EXISTS, "InternalError", 500, "The Hub already has this.")                                          \
    X(ERR_CORRUPT, "InternalError", 500, "Stored content does not match its hash.")                                    \
    X(ERR_STORE, "InternalError", 500, "The gateway's own state cannot be read or written.")                           \
    X(ERR_STOPPING, "ServiceUnavailable", 503, "The server is stopping.")                                              \
    X(ERR_INTERNAL, "InternalError", 500, "We encountered an internal error. Please try again.")                       \
    /* never answered, since nobody is there to hear it */                                                             \
    X(ERR_CLIENT_GONE, "RequestTimeout", 400, "The client went away.")

enum err {
    OK = 0,
#define X(name, code, status, text) name,
    ERR_TABLE(X)
#undef X
        ERR_COUNT
};

/* The three columns, and the constant's own name for logs. `e` may be OK ("OK", 200). Never NULL. Any thread. */
const char *err_name(enum err e);
const char *err_s3_code(enum err e);
int err_http_status(enum err e);
const char *err_text(enum err e);

#endif
