import java.io.ByteArrayInputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPathValidator;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.bouncycastle.jcajce.PKIXExtendedParameters;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/**
 * Bouncy Castle on one certification path, with every certificate checked against its list and deltas used. Usage:
 * BouncyCastle WARM-UP TRIES ANCHOR CERTIFICATE [-i INTERMEDIATE]... [-c LIST]..., files in DER, intermediates from the
 * anchor down. The path is given, not built, which favours it.
 *
 * <p>Prints two lines, name and microseconds of CPU time of one validation by the calling thread: from octets, as a
 * caller sends them, and with everything read before. An exception ends it if the path is refused.
 */
public final class BouncyCastle {
    /** 2011-04-15T00:00:00Z, when all of the suite is valid. */
    private static final Date MOMENT = new Date(1_302_825_600_000L);

    private static final BouncyCastleProvider PROVIDER = new BouncyCastleProvider();
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private record Input(byte[] anchor, List<byte[]> path, List<byte[]> lists) {}

    private record Objects(X509Certificate anchor, List<X509Certificate> path, List<X509CRL> lists) {}

    private interface Step {
        void run() throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        int warmUp = Integer.parseInt(arguments[0]);
        int tries = Integer.parseInt(arguments[1]);
        Input input = read(arguments);
        Objects objects = parse(input);
        Step fromOctets = () -> validate(parse(input));
        Step fromObjects = () -> validate(objects);
        String name = "Bouncy Castle " + PROVIDER.getVersionStr() + ", Java " + Runtime.version().feature();
        measure(fromOctets, warmUp);
        System.out.printf("%s, from octets\t%.1f%n", name, measure(fromOctets, tries));
        measure(fromObjects, warmUp);
        System.out.printf("%s, objects read before\t%.1f%n", name, measure(fromObjects, tries));
    }

    private static double measure(Step step, int tries) throws Exception {
        long began = THREADS.getCurrentThreadCpuTime();
        for (int n = 0; n < tries; n++) {
            step.run();
        }
        return (THREADS.getCurrentThreadCpuTime() - began) / 1e3 / tries;
    }

    private static Input read(String[] arguments) throws Exception {
        byte[] anchor = Files.readAllBytes(Path.of(arguments[2]));
        List<byte[]> path = new ArrayList<>();
        List<byte[]> lists = new ArrayList<>();
        path.add(Files.readAllBytes(Path.of(arguments[3])));
        for (int n = 4; n + 1 < arguments.length; n += 2) {
            byte[] file = Files.readAllBytes(Path.of(arguments[n + 1]));
            if (arguments[n].equals("-c")) {
                lists.add(file);
            } else {
                // A CertPath begins at its end entity.
                path.add(1, file);
            }
        }
        return new Input(anchor, path, lists);
    }

    private static Objects parse(Input input) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509", PROVIDER);
        List<X509Certificate> path = new ArrayList<>();
        for (byte[] octets : input.path) {
            path.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(octets)));
        }
        List<X509CRL> lists = new ArrayList<>();
        for (byte[] octets : input.lists) {
            lists.add((X509CRL) factory.generateCRL(new ByteArrayInputStream(octets)));
        }
        byte[] anchor = input.anchor;
        return new Objects(
                (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(anchor)), path, lists);
    }

    private static void validate(Objects it) throws Exception {
        List<Object> everything = new ArrayList<>(it.path);
        everything.addAll(it.lists);
        PKIXParameters settings = new PKIXParameters(Set.of(new TrustAnchor(it.anchor, null)));
        settings.setDate(MOMENT);
        settings.setRevocationEnabled(true);
        settings.addCertStore(
                CertStore.getInstance("Collection", new CollectionCertStoreParameters(everything), PROVIDER));
        PKIXExtendedParameters extended =
                new PKIXExtendedParameters.Builder(settings).setUseDeltasEnabled(true).build();
        CertificateFactory factory = CertificateFactory.getInstance("X.509", PROVIDER);
        CertPathValidator.getInstance("PKIX", PROVIDER)
                .validate(factory.generateCertPath(it.path), extended);
    }
}
