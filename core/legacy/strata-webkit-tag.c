/* strata-webkit-tag.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-webkit-tag-private.h"

/* Those that have no place in JSON; every other tag has no name here */
static const char * const foreign_names[] = {
  [STRATA_WEBKIT_TAG_FILE] = "File",
  [STRATA_WEBKIT_TAG_FILE_LIST] = "FileList",
  [STRATA_WEBKIT_TAG_IMAGE_DATA] = "ImageData",
  [STRATA_WEBKIT_TAG_BLOB] = "Blob",
  [STRATA_WEBKIT_TAG_REG_EXP] = "RegExp",
  [STRATA_WEBKIT_TAG_MESSAGE_PORT_REFERENCE] = "MessagePort",
  [STRATA_WEBKIT_TAG_ARRAY_BUFFER] = "ArrayBuffer",
  [STRATA_WEBKIT_TAG_ARRAY_BUFFER_VIEW] = "typed array",
  [STRATA_WEBKIT_TAG_ARRAY_BUFFER_TRANSFER] = "ArrayBuffer",
  [STRATA_WEBKIT_TAG_SET] = "Set",
  [STRATA_WEBKIT_TAG_MAP] = "Map",
  [STRATA_WEBKIT_TAG_CRYPTO_KEY] = "CryptoKey",
  [STRATA_WEBKIT_TAG_SHARED_ARRAY_BUFFER] = "SharedArrayBuffer",
  [STRATA_WEBKIT_TAG_WASM_MODULE] = "WebAssembly.Module",
  [STRATA_WEBKIT_TAG_DOM_POINT_READ_ONLY] = "DOMPointReadOnly",
  [STRATA_WEBKIT_TAG_DOM_POINT] = "DOMPoint",
  [STRATA_WEBKIT_TAG_DOM_RECT_READ_ONLY] = "DOMRectReadOnly",
  [STRATA_WEBKIT_TAG_DOM_RECT] = "DOMRect",
  [STRATA_WEBKIT_TAG_DOM_MATRIX_READ_ONLY] = "DOMMatrixReadOnly",
  [STRATA_WEBKIT_TAG_DOM_MATRIX] = "DOMMatrix",
  [STRATA_WEBKIT_TAG_DOM_QUAD] = "DOMQuad",
  [STRATA_WEBKIT_TAG_IMAGE_BITMAP_TRANSFER] = "ImageBitmap",
  [STRATA_WEBKIT_TAG_RTC_CERTIFICATE] = "RTCCertificate",
  [STRATA_WEBKIT_TAG_IMAGE_BITMAP] = "ImageBitmap",
  [STRATA_WEBKIT_TAG_OFFSCREEN_CANVAS] = "OffscreenCanvas",
  [STRATA_WEBKIT_TAG_BIG_INT] = "BigInt",
  [STRATA_WEBKIT_TAG_BIG_INT_OBJECT] = "BigInt object",
  [STRATA_WEBKIT_TAG_WASM_MEMORY] = "WebAssembly.Memory",
  [STRATA_WEBKIT_TAG_RTC_DATA_CHANNEL] = "RTCDataChannel",
  [STRATA_WEBKIT_TAG_DOM_EXCEPTION] = "DOMException",
  [STRATA_WEBKIT_TAG_ENCODED_VIDEO_CHUNK] = "EncodedVideoChunk",
  [STRATA_WEBKIT_TAG_VIDEO_FRAME] = "VideoFrame",
  [STRATA_WEBKIT_TAG_RESIZABLE_ARRAY_BUFFER] = "ArrayBuffer",
  [STRATA_WEBKIT_TAG_ERROR_INSTANCE] = "Error",
  [STRATA_WEBKIT_TAG_IN_MEMORY_OFFSCREEN_CANVAS] = "OffscreenCanvas",
  [STRATA_WEBKIT_TAG_IN_MEMORY_MESSAGE_PORT] = "MessagePort",
  [STRATA_WEBKIT_TAG_ENCODED_AUDIO_CHUNK] = "EncodedAudioChunk",
  [STRATA_WEBKIT_TAG_AUDIO_DATA] = "AudioData",
  [STRATA_WEBKIT_TAG_MEDIA_STREAM_TRACK] = "MediaStreamTrack",
  [STRATA_WEBKIT_TAG_MEDIA_SOURCE_HANDLE] = "MediaSourceHandle",
  [STRATA_WEBKIT_TAG_ENCODED_AUDIO_FRAME] = "RTCEncodedAudioFrame",
  [STRATA_WEBKIT_TAG_ENCODED_VIDEO_FRAME] = "RTCEncodedVideoFrame",
};

const char *
_strata_webkit_tag_get_name (guint8 tag)
{
  const char *name = tag < G_N_ELEMENTS (foreign_names) ? foreign_names[tag] : NULL;

  return name != NULL ? name : "unknown";
}

StrataWebkitClass
_strata_webkit_tag_get_class (guint8 tag)
{
  switch (tag)
    {
    case STRATA_WEBKIT_TAG_ARRAY:
    case STRATA_WEBKIT_TAG_OBJECT:
      return STRATA_WEBKIT_CLASS_CONTAINER;

    case STRATA_WEBKIT_TAG_UNDEFINED:
      return STRATA_WEBKIT_CLASS_UNDEFINED;

    case STRATA_WEBKIT_TAG_OBJECT_REFERENCE:
      return STRATA_WEBKIT_CLASS_REFERENCE;

    case STRATA_WEBKIT_TAG_NULL:
    case STRATA_WEBKIT_TAG_INT:
    case STRATA_WEBKIT_TAG_ZERO:
    case STRATA_WEBKIT_TAG_ONE:
    case STRATA_WEBKIT_TAG_FALSE:
    case STRATA_WEBKIT_TAG_TRUE:
    case STRATA_WEBKIT_TAG_DOUBLE:
    case STRATA_WEBKIT_TAG_DATE:
    case STRATA_WEBKIT_TAG_STRING:
    case STRATA_WEBKIT_TAG_EMPTY_STRING:
    case STRATA_WEBKIT_TAG_TRUE_OBJECT:
    case STRATA_WEBKIT_TAG_FALSE_OBJECT:
    case STRATA_WEBKIT_TAG_STRING_OBJECT:
    case STRATA_WEBKIT_TAG_EMPTY_STRING_OBJECT:
    case STRATA_WEBKIT_TAG_NUMBER_OBJECT:
      return STRATA_WEBKIT_CLASS_JSON;

    default:
      return tag < G_N_ELEMENTS (foreign_names) && foreign_names[tag] != NULL ? STRATA_WEBKIT_CLASS_FOREIGN
                                                                              : STRATA_WEBKIT_CLASS_NONE;
    }
}

const char *
_strata_webkit_tag_get_literal (guint8 tag)
{
  switch (tag)
    {
    case STRATA_WEBKIT_TAG_UNDEFINED:
    case STRATA_WEBKIT_TAG_NULL:
      return "null";

    case STRATA_WEBKIT_TAG_ZERO:
      return "0";

    case STRATA_WEBKIT_TAG_ONE:
      return "1";

    case STRATA_WEBKIT_TAG_FALSE:
    case STRATA_WEBKIT_TAG_FALSE_OBJECT:
      return "false";

    case STRATA_WEBKIT_TAG_TRUE:
    case STRATA_WEBKIT_TAG_TRUE_OBJECT:
      return "true";

    case STRATA_WEBKIT_TAG_EMPTY_STRING:
    case STRATA_WEBKIT_TAG_EMPTY_STRING_OBJECT:
      return "\"\"";

    default:
      return NULL;
    }
}

gboolean
_strata_webkit_tag_is_numbered (guint8 tag)
{
  return tag >= STRATA_WEBKIT_TAG_TRUE_OBJECT && tag <= STRATA_WEBKIT_TAG_NUMBER_OBJECT;
}
