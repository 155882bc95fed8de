"""The ids of the card that downloads a run."""

from dashboard.ids import watched

LINK_LATENT = "link-latent"
BUNDLE = watched("bundle")
BUNDLE_BY = "bundle-by"
BUNDLE_NOTE = "bundle-note"
BUNDLE_PARTS = "bundle-parts"
BUNDLE_DENOISED = "bundle-denoised"
BUNDLE_WIDTH = "bundle-width"
BUNDLE_HEIGHT = "bundle-height"
BUNDLE_UNIT = "bundle-unit"
BUNDLE_DPI = "bundle-dpi"
BUNDLE_GO = "bundle-go"
BUNDLE_RESULT = "bundle-result"
VERIFY = watched("verify")
VERIFY_BOX = "verify-box"
VERIFY_GO = "verify-go"
VERIFY_RESULT = "verify-result"
