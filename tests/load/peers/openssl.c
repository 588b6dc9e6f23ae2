/*
 * OpenSSL on one certification path, in process: how long X509_verify_cert takes with every certificate checked
 * against its list. Usage: openssl TRIES ANCHOR CERTIFICATE [-i INTERMEDIATE]... [-c LIST]..., files in DER.
 *
 * Prints two lines, name and microseconds of CPU time of one validation: from octets, as a caller sends them, and with
 * everything read before. Exit code 1 if the path is refused.
 */
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST 16
/* 2011-04-15T00:00:00Z, when all of the suite is valid. */
#define MOMENT 1302825600

struct octets { unsigned char *at; long length; };
struct input {
    struct octets anchor, certificate, intermediates[MOST], lists[MOST];
    int intermediate_count, list_count;
};
struct objects {
    X509 *anchor, *certificate;
    STACK_OF(X509) *intermediates;
    STACK_OF(X509_CRL) *lists;
};

static void fail(const char *what)
{
    fprintf(stderr, "openssl: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static struct octets read_file(const char *path)
{
    struct octets it;
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) fail(path);
    it.length = ftell(file);
    rewind(file);
    it.at = malloc(it.length);
    if (!it.at || fread(it.at, 1, it.length, file) != (size_t)it.length) fail(path);
    fclose(file);
    return it;
}

static X509 *certificate(struct octets it)
{
    const unsigned char *at = it.at;
    X509 *read = d2i_X509(NULL, &at, it.length);
    if (!read) fail("a certificate cannot be read");
    return read;
}

static struct objects parse(const struct input *input)
{
    struct objects it;
    it.anchor = certificate(input->anchor);
    it.certificate = certificate(input->certificate);
    it.intermediates = sk_X509_new_null();
    it.lists = sk_X509_CRL_new_null();
    for (int n = 0; n < input->intermediate_count; n++)
        sk_X509_push(it.intermediates, certificate(input->intermediates[n]));
    for (int n = 0; n < input->list_count; n++) {
        const unsigned char *at = input->lists[n].at;
        X509_CRL *list = d2i_X509_CRL(NULL, &at, input->lists[n].length);
        if (!list) fail("a list cannot be read");
        sk_X509_CRL_push(it.lists, list);
    }
    return it;
}

static void release(struct objects *it)
{
    X509_free(it->anchor);
    X509_free(it->certificate);
    sk_X509_pop_free(it->intermediates, X509_free);
    sk_X509_CRL_pop_free(it->lists, X509_CRL_free);
}

static void validate(const struct objects *it)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_STORE_add_cert(store, it->anchor);
    if (!X509_STORE_CTX_init(context, store, it->certificate, it->intermediates)) fail("init");
    X509_STORE_CTX_set0_crls(context, it->lists);
    X509_VERIFY_PARAM *settings = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_flags(settings,
        X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_EXTENDED_CRL_SUPPORT
        | X509_V_FLAG_USE_DELTAS | X509_V_FLAG_POLICY_CHECK);
    X509_VERIFY_PARAM_add0_policy(settings, OBJ_txt2obj("2.5.29.32.0", 1));
    X509_VERIFY_PARAM_set_time(settings, MOMENT);
    if (X509_verify_cert(context) != 1)
        fail(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

int main(int count, char **arguments)
{
    static struct input input;
    if (count < 4) fail("TRIES ANCHOR CERTIFICATE [-i INTERMEDIATE]... [-c LIST]...");
    int tries = atoi(arguments[1]);
    if (tries < 1) fail("TRIES");
    input.anchor = read_file(arguments[2]);
    input.certificate = read_file(arguments[3]);
    for (int n = 4; n + 1 < count; n += 2) {
        int list = strcmp(arguments[n], "-c") == 0;
        int *place = list ? &input.list_count : &input.intermediate_count;
        if (*place == MOST) fail("too many files");
        (list ? input.lists : input.intermediates)[(*place)++] = read_file(arguments[n + 1]);
    }
    for (int n = 0; n < 20; n++) {
        struct objects it = parse(&input);
        validate(&it);
        release(&it);
    }
    double began = now();
    for (int n = 0; n < tries; n++) {
        struct objects it = parse(&input);
        validate(&it);
        release(&it);
    }
    printf("%s, from octets\t%.1f\n", OpenSSL_version(OPENSSL_VERSION), (now() - began) / tries);
    struct objects it = parse(&input);
    began = now();
    for (int n = 0; n < tries; n++) validate(&it);
    printf("%s, objects read before\t%.1f\n", OpenSSL_version(OPENSSL_VERSION), (now() - began) / tries);
    release(&it);
    return 0;
}
