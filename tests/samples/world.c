#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>
#define P 4096
static int id;
static void *thread(void *x) { char *a = shmat(id, 0, 0); for (int i = 0; i < 8; i++) a[i * P] = 1; shmdt(a); return 0; }
int main(int argc, char **argv) {
  if (argc > 1) { /* after exec: attaches by key with size 0 */
    int again = shmget(0x5eed, 0, 0); char *a = shmat(again, 0, SHM_RDONLY); volatile int s = 0;
    for (int i = 0; i < 16; i++) s += a[i * P]; _exit(0); }
  id = shmget(0x5eed, 16 * P, IPC_CREAT | 0600);
  char *a = shmat(id, 0, 0), *b = shmat(id, 0, SHM_RDONLY);
  char *m = mmap(0, 8 * P, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int fd = memfd_create("ring", 0); ftruncate(fd, 4 * P);
  char *r = mmap(0, 4 * P, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  shmctl(id, SHM_LOCK, 0); shmctl(id, SHM_UNLOCK, 0);
  pthread_t t; pthread_create(&t, 0, thread, 0); pthread_join(t, 0);
  for (int k = 0; k < 2; k++) if (!fork()) { for (int i = 0; i < 8; i++) { m[i * P] = i; a[i * P] = i; } r[k * P] = 1; munmap(m, 8 * P); _exit(0); }
  if (!vfork()) execl("/proc/self/exe", "world", "x", (char *)0);
  if (argc < 2 && getenv("MAPS")) { char c[99]; sprintf(c, "cat /proc/%d/maps > maps.%d", getpid(), getpid()); system(c); }
  while (wait(0) > 0); volatile int s = 0; for (int i = 0; i < 16; i++) s += b[i * P];
  shmctl(id, IPC_RMID, 0); a[0] = 1; shmdt(a); shmdt(b); shmget(0x5eee, 0, 0); return 0; }
