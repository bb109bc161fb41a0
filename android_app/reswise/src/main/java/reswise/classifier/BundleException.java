package reswise.classifier;

/** A bundle that cannot be believed, or not be run: one line on what came and what was expected. */
public final class BundleException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    BundleException(String line) {
        super(line);
    }
}
