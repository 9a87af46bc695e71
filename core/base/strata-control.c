/* strata-control.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "strata-control-private.h"
#include "strata-error.h"
#include "strata-file-private.h"
#include "strata-seam-private.h"

/* Of a socket, from that of the job */
#define NAME_FORMAT "%s.socket"
#define MAX_LINE 4096
#define MAX_WAITING 8
/* Nobody keeps the other side waiting for longer */
#define TIMEOUT_S 10
/* Nor does one who asks keep the others waiting for longer */
#define PATIENCE_S 1
/* What an answer begins with that is why there is none */
#define REFUSAL '!'

struct _StrataControl
{
  /* Set at construction, never changed after */
  int                dir;
  char              *name;
  StrataControlFunc  func;
  gpointer           user_data;
  int                socket_fd;
  int                stop_fd;
  GThread           *thread;
};

/* The store's path may be longer than the name of a socket can be: it goes by the open folder. */
static gboolean
make_address (int                 dir,
              const char         *name,
              struct sockaddr_un *out_address)
{
  memset (out_address, 0, sizeof *out_address);
  out_address->sun_family = AF_UNIX;

  return snprintf (out_address->sun_path, sizeof out_address->sun_path, "/proc/self/fd/%d/%s", dir, name) <
         (int)sizeof out_address->sun_path;
}

static int
open_socket (GError **error)
{
  const struct timeval timeout = { TIMEOUT_S, 0 };
  int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

  if (fd < 0)
    {
      _strata_file_set_error (error, errno, "make", "socket");
      return -1;
    }
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);

  return fd;
}

/* Returns: (transfer full) (nullable): a line that was sent whole */
static char *
receive_line (int fd)
{
  char buffer[MAX_LINE];
  gssize size;

  do
    size = recv (fd, buffer, sizeof buffer, 0);
  while (size < 0 && errno == EINTR);

  if (size <= 0 || size >= MAX_LINE || memchr (buffer, '\0', (gsize)size) != NULL)
    return NULL;

  return g_strndup (buffer, (gsize)size);
}

static gboolean
send_line (int         fd,
           const char *line)
{
  return send (fd, line, strlen (line), MSG_NOSIGNAL) == (gssize)strlen (line);
}

/* Listening */

static gboolean
is_own_user (int fd)
{
  struct ucred peer;
  socklen_t size = sizeof peer;

  return getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == geteuid () || peer.uid == 0);
}

static char *
make_reply (StrataControl *self,
            const char    *command)
{
  g_autoptr(GError) error = NULL;
  char *reply = self->func (command, self->user_data, &error);

  return reply != NULL ? reply : g_strdup_printf ("%c%s", REFUSAL, error->message);
}

static void
answer (StrataControl *self,
        int            fd)
{
  const struct timeval timeout = { PATIENCE_S, 0 };
  g_autofree char *command = NULL;
  g_autofree char *reply = NULL;

  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  if (!is_own_user (fd))
    return;
  command = receive_line (fd);
  if (command == NULL)
    return;

  reply = make_reply (self, command);
  send_line (fd, reply);
}

static gpointer
control_worker (gpointer data)
{
  StrataControl *self = data;
  struct pollfd fds[] = { { self->socket_fd, POLLIN, 0 }, { self->stop_fd, POLLIN, 0 } };

  while (TRUE)
    {
      int fd;

      if (poll (fds, G_N_ELEMENTS (fds), -1) < 0 && errno != EINTR)
        break;
      if (fds[1].revents != 0)
        break;
      if ((fds[0].revents & POLLIN) == 0)
        continue;

      fd = accept4 (self->socket_fd, NULL, NULL, SOCK_CLOEXEC);
      if (fd < 0)
        continue;
      answer (self, fd);
      close (fd);
    }

  return NULL;
}

/* A descriptor's mode becomes that of the name it is bound to: it is never there with another one. */
static gboolean
bind_socket (StrataControl  *self,
             GError        **error)
{
  struct sockaddr_un address;

  if (!make_address (self->dir, self->name, &address))
    {
      _strata_file_set_error (error, ENAMETOOLONG, "make", self->name);
      return FALSE;
    }

  _strata_seam_check_thread ();
  if (_strata_file_unlink (self->dir, self->name, error) && fchmod (self->socket_fd, 0600) == 0 &&
      bind (self->socket_fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
      listen (self->socket_fd, MAX_WAITING) == 0)
    return TRUE;

  if (error != NULL && *error == NULL)
    _strata_file_set_error (error, errno, "make", self->name);

  return FALSE;
}

StrataControl *
_strata_control_listen (int                 dir,
                        const char         *job,
                        StrataControlFunc   func,
                        gpointer            user_data,
                        GError            **error)
{
  g_autoptr(StrataControl) self = g_new0 (StrataControl, 1);
  g_autoptr(GError) bind_error = NULL;

  self->dir = dir;
  self->name = g_strdup_printf (NAME_FORMAT, job);
  self->func = func;
  self->user_data = user_data;
  self->stop_fd = eventfd (0, EFD_CLOEXEC);
  self->socket_fd = open_socket (error);
  if (self->socket_fd < 0)
    return NULL;

  if (self->stop_fd < 0 || !bind_socket (self, &bind_error))
    {
      if (bind_error != NULL)
        g_propagate_error (error, g_steal_pointer (&bind_error));
      else
        _strata_file_set_error (error, errno, "make", self->name);
      return NULL;
    }
  self->thread = g_thread_try_new ("control", control_worker, self, error);

  return self->thread != NULL ? g_steal_pointer (&self) : NULL;
}

void
_strata_control_free (StrataControl *self)
{
  const guint64 one = 1;

  if (self->thread != NULL)
    {
      while (write (self->stop_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
      g_thread_join (self->thread);
      _strata_file_unlink (self->dir, self->name, NULL);
    }
  if (self->socket_fd >= 0)
    close (self->socket_fd);
  if (self->stop_fd >= 0)
    close (self->stop_fd);
  g_free (self->name);
  g_free (self);
}

/* Asking */

static void
set_connect_error (GError     **error,
                   int          code,
                   const char  *job)
{
  if (code == ENOENT || code == ECONNREFUSED || code == ENOTDIR)
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "No %s of this store is running", job);
  else
    _strata_file_set_error (error, code, "connect to", job);
}

static char *
send_and_receive (int          fd,
                  const char  *job,
                  const char  *command,
                  GError     **error)
{
  g_autofree char *reply = send_line (fd, command) ? receive_line (fd) : NULL;

  if (reply == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "The process that does the %s does not answer", job);
      return NULL;
    }
  if (*reply == REFUSAL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, reply + 1);
      return NULL;
    }

  return g_steal_pointer (&reply);
}

static char *
ask (int          dir,
     const char  *job,
     const char  *command,
     GError     **error)
{
  g_autofree char *name = g_strdup_printf (NAME_FORMAT, job);
  struct sockaddr_un address;
  char *reply = NULL;
  int fd = open_socket (error);

  if (fd < 0)
    return NULL;

  if (!make_address (dir, name, &address))
    set_connect_error (error, ENAMETOOLONG, job);
  else if (connect (fd, (const struct sockaddr *)&address, sizeof address) < 0)
    set_connect_error (error, errno, job);
  else
    reply = send_and_receive (fd, job, command, error);
  close (fd);

  return reply;
}

/**
 * strata_control_ask:
 * @store_path: a store's folder
 * @job: what may be running in it, in whatever process of this user: `migration` or
 *   `compression`
 * @command: what that shall do: `pause`, `resume`, `cancel`; `status`: only tell how it is
 *
 * Steers a job of another process, or of this one. Waits for the answer, at most ten
 * seconds; the thread must not be one that draws.
 *
 * Returns: (transfer full): how the job is after that: a JSON object with at least
 *   `state`; or %NULL with @error set: %STRATA_ERROR_NOT_FOUND where none is running,
 *   %G_IO_ERROR_NOT_SUPPORTED where it refuses, %G_IO_ERROR_TIMED_OUT
 */
char *
strata_control_ask (const char  *store_path,
                    const char  *job,
                    const char  *command,
                    GError     **error)
{
  char *reply;
  int dir;

  g_return_val_if_fail (store_path != NULL, NULL);
  g_return_val_if_fail (job != NULL && strchr (job, '/') == NULL, NULL);
  g_return_val_if_fail (command != NULL && strlen (command) < MAX_LINE, NULL);

  _strata_seam_check_thread ();
  dir = _strata_file_open (AT_FDCWD, store_path, O_RDONLY | O_DIRECTORY, error);
  if (dir < 0)
    return NULL;

  reply = ask (dir, job, command, error);
  _strata_file_close (dir);

  return reply;
}
