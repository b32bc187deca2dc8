"""cdnlab: the CloudFront you can see through."""
