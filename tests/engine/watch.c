/* Preloaded, it counts what a thread allocates, frees and locks while it is inside `call`. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static __thread int inside __attribute__((tls_model("initial-exec")));
static long allocated, freed, locked;

static void note(long *count) {
    if (inside) __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

void *malloc(size_t size) { note(&allocated); return __libc_malloc(size); }
void *calloc(size_t count, size_t size) { note(&allocated); return __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { note(&allocated); return __libc_realloc(old, size); }
void *memalign(size_t step, size_t size) { note(&allocated); return __libc_memalign(step, size); }
void *aligned_alloc(size_t step, size_t size) { return memalign(step, size); }
int posix_memalign(void **out, size_t step, size_t size) {
    *out = memalign(step, size);
    return *out ? 0 : ENOMEM;
}
void free(void *old) { note(&freed); __libc_free(old); }

#define LOCK(name, type) \
    int name(type *lock) { \
        static int (*real)(type *); \
        if (!real) real = (int (*)(type *))dlsym(RTLD_NEXT, #name); \
        note(&locked); \
        return real(lock); \
    }
LOCK(pthread_mutex_lock, pthread_mutex_t)
LOCK(pthread_mutex_trylock, pthread_mutex_t)
LOCK(pthread_rwlock_rdlock, pthread_rwlock_t)
LOCK(pthread_rwlock_wrlock, pthread_rwlock_t)
LOCK(pthread_spin_lock, pthread_spinlock_t)
LOCK(sem_wait, sem_t)

/* PaStreamCallback */
typedef int callback(const void *, void *, unsigned long, const void *, unsigned long, void *);

int call(callback *called, void *out, unsigned long frames, void *userdata) {
    inside = 1;
    int code = called(NULL, out, frames, NULL, 0, userdata);
    inside = 0;
    return code;
}

void read_counts(long *out) { out[0] = allocated; out[1] = freed; out[2] = locked; }

/* A callback that does all of it once, so that it is known that the counts count. */
int misbehave(const void *in, void *out, unsigned long frames, const void *times,
              unsigned long flags, void *userdata) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    void *volatile held = malloc(frames);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    free(held);
    return 0;
}
